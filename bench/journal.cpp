// Durable appends through the journal against a bare loop of pwrite and fdatasync on a recycled file.
//
//     journal FOLDER [EVENTS_PER_BATCH...]

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backend/posix/posix_disk.h"
#include "base/hash.h"
#include "journal/journal.h"

using namespace cairn;

namespace {

constexpr double run_seconds = 3;
constexpr std::size_t encoded_bytes_per_event = 190;

struct SystemClock final : Clock {
    Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

double cpu_seconds() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Rate {
    double events_per_second = 0;
    double cpu_ns_per_event = 0;
};

template <class Work>
Rate measure(Work&& work) {
    const auto cpu = cpu_seconds(), wall = wall_seconds();
    const std::uint64_t events = work(wall + run_seconds);
    const auto spent = wall_seconds() - wall;
    return {static_cast<double>(events) / spent, (cpu_seconds() - cpu) * 1e9 / static_cast<double>(events)};
}

std::string some_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint64_t state = 88172645463325252ull;
    for (auto& byte : bytes) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        byte = static_cast<char>(state);
    }
    return bytes;
}

/// What no journal can beat: the same bytes, one write and one sync for every `batches` batches.
Rate bare(const std::string& folder, std::size_t events_per_batch, std::size_t batches) {
    constexpr off_t file_bytes = 64 << 20;
    const auto path = folder + "/bare";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    const auto payload = some_bytes((events_per_batch * batches * encoded_bytes_per_event + 4095) / 4096 * 4096);
    for (off_t at = 0; at + static_cast<off_t>(payload.size()) <= file_bytes; at += static_cast<off_t>(payload.size()))
        if (::pwrite(file, payload.data(), payload.size(), at) < 0) std::abort();
    ::fsync(file);
    const auto rate = measure([&](double end) {
        std::uint64_t events = 0;
        off_t at = 0;
        while (wall_seconds() < end) {
            if (at + static_cast<off_t>(payload.size()) > file_bytes) at = 0;
            if (::pwrite(file, payload.data(), payload.size(), at) < 0 || ::fdatasync(file) != 0) std::abort();
            at += static_cast<off_t>(payload.size());
            events += events_per_batch * batches;
        }
        return events;
    });
    ::close(file);
    return rate;
}

Rate through_journal(const std::string& folder, std::size_t events_per_batch, std::ptrdiff_t in_flight,
                     Metrics& metrics) {
    const auto disk = open_posix_disk(folder).value();
    const SystemClock clock;
    auto opened = journal::Journal::open({*disk, fmt::format("log-{}", events_per_batch), clock, metrics,
                                          [] { return BlockCodec{}; }, [](std::uint32_t) { return nullptr; }});
    if (!opened) {
        fmt::print("{}\n", opened.error().message);
        std::exit(1);
    }
    auto& log = **opened;
    std::vector<Fingerprint> fingerprints(events_per_batch);
    // Whole blocks of 100 events, as the ingest makes them.
    const auto block_events = std::min<std::size_t>(events_per_batch, 100);
    const auto encoded = some_bytes(block_events * encoded_bytes_per_event);
    std::counting_semaphore<4096> slots(in_flight);
    std::uint64_t next = log.end();
    return measure([&](double end) {
        const auto first = next;
        while (wall_seconds() < end) {
            slots.acquire();
            Batch batch;
            batch.first_number = next;
            batch.event_count = events_per_batch;
            for (std::size_t done = 0; done < events_per_batch; done += block_events) {
                BlockInput input;
                input.first_number = next;
                input.fingerprints.assign(block_events, {});
                input.encoded = encoded;
                next += block_events;
                batch.blocks.push_back(std::move(input));
            }
            log.append(std::move(batch), [&](Result<void> result) {
                if (!result) std::abort();
                slots.release();
            });
        }
        for (std::ptrdiff_t i = 0; i < in_flight; ++i) slots.acquire();
        return next - first;
    });
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print("journal FOLDER [EVENTS_PER_BATCH...]\n");
        return 2;
    }
    const std::string folder = arguments[1];
    std::filesystem::create_directories(folder);
    std::vector<std::size_t> sizes;
    for (int i = 2; i < count; ++i) sizes.push_back(std::strtoull(arguments[i], nullptr, 10));
    if (sizes.empty()) sizes = {1, 1000};
    fmt::print("{:>12} {:>10} {:>14} {:>12} {:>14} {:>12} {:>8} {:>14}\n", "events/batch", "in flight", "journal ev/s",
               "ns CPU/ev", "bare ev/s", "ns CPU/ev", "ratio", "events/commit");
    for (const auto size : sizes) {
        const std::ptrdiff_t in_flight = size == 1 ? 64 : 8;
        Metrics metrics;
        const auto ours = through_journal(folder, size, in_flight, metrics);
        auto& events = metrics.counter("cairn_log_events_total", "");
        auto& commits = metrics.counter("cairn_log_commits_total", "");
        const auto per_commit = static_cast<double>(events.value()) / static_cast<double>(commits.value());
        // The bare loop commits as many batches at once as the journal did.
        const auto batches = std::max<std::size_t>(1, static_cast<std::size_t>(per_commit / static_cast<double>(size)));
        const auto bound = bare(folder, size, batches);
        fmt::print("{:>12} {:>10} {:>14.0f} {:>12.0f} {:>14.0f} {:>12.0f} {:>8.2f} {:>14.1f}\n", size, in_flight,
                   ours.events_per_second, ours.cpu_ns_per_event, bound.events_per_second, bound.cpu_ns_per_event,
                   ours.events_per_second / bound.events_per_second, per_commit);
        std::filesystem::remove_all(fmt::format("{}/log-{}", folder, size));
    }
    return 0;
}
