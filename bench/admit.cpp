// What admission costs: synthetic identities through the seen index on the real disk, one caller, batches of 1,000.
//   admit FOLDER [MILLIONS=100] [reuse]      (reuse: FOLDER holds them from an earlier run; looks up only)
// CPU is that of the whole process (the thread that writes and merges included) unless it says "caller".

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include <time.h>
#include <unistd.h>

#include "admit/seen_index.h"
#include "backend/posix/posix_disk.h"

using namespace cairn;

namespace {

constexpr std::size_t batch_size = 1000;

std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

Fingerprint event(std::uint64_t number) { return {mix(number), {mix(number ^ 1ull << 60), mix(number ^ 1ull << 61)}}; }

double seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Stopwatch {
    double wall = seconds(CLOCK_MONOTONIC), process = seconds(CLOCK_PROCESS_CPUTIME_ID),
           thread = seconds(CLOCK_THREAD_CPUTIME_ID);
    void print(const char* what, std::uint64_t count, double bound = 0) const {
        const auto per = [&](double from, clockid_t clock) {
            return (seconds(clock) - from) / static_cast<double>(count) * 1e9;
        };
        const auto cpu = per(process, CLOCK_PROCESS_CPUTIME_ID);
        std::printf("%-52s %9.1f %9.1f %9.1f", what, per(wall, CLOCK_MONOTONIC), cpu,
                    per(thread, CLOCK_THREAD_CPUTIME_ID));
        if (bound > 0) std::printf("   %4.0f  x%.2f", bound, cpu / bound);
        std::printf("\n");
        std::fflush(stdout);
    }
};

void print_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon") || line.starts_with("RssFile") || line.starts_with("VmHWM"))
            std::printf("  %s\n", line.c_str());
}

void drop_caches() {
    ::sync();
    std::ofstream("/proc/sys/vm/drop_caches") << 1;
}

void require(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

std::unique_ptr<admit::SeenIndex> open(Disk& disk, Metrics& metrics, std::uint64_t end) {
    admit::SeenSource source;
    source.end = end;
    source.for_each_fingerprint = [end](std::uint64_t from, const admit::SeenSource::Use& use) -> Result<void> {
        for (auto number = from; number < end; ++number) use(number, event(number));
        return {};
    };
    auto seen = admit::SeenIndex::open(disk, "seen", source, metrics);
    if (!seen) require(fail(seen.error()));
    return std::move(*seen);
}

enum class Order { random, in_order, every_twelfth, pieces_of_1000, pieces_of_30, fresh };

void look_up(admit::SeenIndex& seen, const char* what, Order order, std::uint64_t end, std::uint64_t count,
             double bound = 0) {
    std::vector<std::uint64_t> numbers(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        switch (order) {
            case Order::random: numbers[i] = mix(i ^ 77) % end; break;
            case Order::in_order: numbers[i] = (end / 3 + i) % end; break;
            case Order::every_twelfth: numbers[i] = (end / 5 + i * 12) % end; break;
            case Order::pieces_of_1000: numbers[i] = (mix(i / 1000) % end + i % 1000) % end; break;
            case Order::pieces_of_30: numbers[i] = (mix(i / 30) % end + i % 30) % end; break;
            case Order::fresh: numbers[i] = (1ull << 40) + i; break;
        }
    }
    std::vector<Fingerprint> batch(batch_size);
    Sightings out;
    const auto prepare = [&](std::uint64_t first) {
        for (std::size_t k = 0; k < batch_size; ++k) batch[k] = event(numbers[first + k]);
    };
    const Stopwatch generator;
    for (std::uint64_t i = 0; i + batch_size <= count; i += batch_size) prepare(i);
    Stopwatch watch;
    const auto spent = watch.process - generator.process;
    watch.wall += watch.wall - generator.wall;
    watch.thread += watch.thread - generator.thread;
    watch.process += spent;
    std::uint64_t duplicates = 0;
    for (std::uint64_t i = 0; i + batch_size <= count; i += batch_size) {
        prepare(i);
        require(seen.find(batch, out));
        for (const auto& sighting : out.of) duplicates += sighting.kind == Sighting::Kind::duplicate;
    }
    watch.print(what, count, bound);
    if (duplicates != (order == Order::fresh ? 0 : count))
        std::printf("  WRONG: %llu duplicates\n", (unsigned long long)duplicates);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "admit FOLDER [MILLIONS=100]\n"), 2;
    const std::uint64_t end = (argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100) * 1'000'000;
    auto disk = open_posix_disk(argv[1]);
    if (!disk) require(fail(disk.error()));
    Metrics metrics;
    std::printf("%llu million identities             ns per event:      wall  all CPU    caller  bound\n",
                (unsigned long long)(end / 1000000));

    const bool reuse = argc > 3;
    auto seen = open(**disk, metrics, reuse ? end : 0);
    if (reuse) require(seen->settle());
    if (!reuse) {
        std::vector<Fingerprint> batch(batch_size);
        const Stopwatch generator;
        for (std::uint64_t first = 0; first < end; first += batch_size)
            for (std::size_t k = 0; k < batch_size; ++k) batch[k] = event(first + k);
        generator.print("  (making the synthetic events)", end);

        Sightings out;
        const Stopwatch all;
        Stopwatch part;
        std::uint64_t wrong = 0;
        double slowest = 0;
        for (std::uint64_t first = 0; first < end; first += batch_size) {
            for (std::size_t k = 0; k < batch_size; ++k) batch[k] = event(first + k);
            const auto before = seconds(CLOCK_MONOTONIC);
            require(seen->find(batch, out));
            for (const auto& sighting : out.of) wrong += sighting.kind != Sighting::Kind::fresh;
            require(seen->insert(batch, first));
            slowest = std::max(slowest, seconds(CLOCK_MONOTONIC) - before);
            seen->durable(first + batch_size);
            if ((first + batch_size) % 25'000'000 == 0) {
                part.print(("  new, find and insert, to " + std::to_string((first + batch_size) / 1000000) + " million")
                               .c_str(),
                           25'000'000, 250);
                part = Stopwatch();
            }
        }
        require(seen->settle());
        all.print("new, find and insert, merges included", end, 250);
        std::printf("  %llu not fresh (52 bits collided); slowest batch %.1f ms\n", (unsigned long long)wrong,
                    slowest * 1e3);
        print_memory();
    }
    const auto many = std::min<std::uint64_t>(end, 10'000'000);
    look_up(*seen, "decide a new event, warm", Order::fresh, end, many, 60);
    look_up(*seen, "duplicate, in order, warm", Order::in_order, end, many, 30);
    look_up(*seen, "duplicate, every 12th, warm", Order::every_twelfth, end, many / 4);
    look_up(*seen, "duplicate, pieces of 1000, warm", Order::pieces_of_1000, end, many);
    look_up(*seen, "duplicate, pieces of 30, warm", Order::pieces_of_30, end, many / 10);
    look_up(*seen, "duplicate, random, warm", Order::random, end, many / 10);
    {
        const Stopwatch watch;
        for (std::uint64_t i = 0; i < 100'000; ++i)
            if (const auto numbers = seen->numbers_of(event(mix(i) % end).identity); !numbers || numbers->empty())
                std::printf("  WRONG\n");
        watch.print("numbers_of, random, warm", 100'000);
    }
    seen.reset();
    drop_caches();
    {
        const Stopwatch watch;
        seen = open(**disk, metrics, end);
        watch.print("open, cold (one)", 1);
    }
    look_up(*seen, "duplicate, in order, cold", Order::in_order, end, many, 30);
    look_up(*seen, "decide a new event, cold filters (first 1 million)", Order::fresh, end, many / 10);
    seen.reset();
    drop_caches();
    seen = open(**disk, metrics, end);
    look_up(*seen, "duplicate, random, cold (10,000)", Order::random, end, 10'000);
    seen.reset();
    {
        const Stopwatch watch;
        seen = open(**disk, metrics, end);
        watch.print("open, warm (one)", 1);
    }
    print_memory();
    return 0;
}
