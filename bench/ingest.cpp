// Where an event's CPU time goes between the body and the log: ns of CPU an event for each step, on a file of records.
//   ingest FILE [events] [events a request] [dictionary bytes]
#include <ctime>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "event/index_row.h"
#include "ingest/ingest.h"
#include "ingest/slice.h"

using namespace cairn;
using namespace cairn::ingest;

namespace {

double cpu_seconds(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::size_t events = 0;

template <class Work>
double step(const char* name, Work&& work, clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    const double begin = cpu_seconds(clock);
    work();
    const double ns = (cpu_seconds(clock) - begin) / static_cast<double>(events) * 1e9;
    fmt::print("{:<42} {:7.0f} ns/event\n", name, ns);
    return ns;
}

/// Throws everything away, in number order.
class NoLog final : public EventLog {
public:
    void append(Batch batch, Done done) override {
        std::unique_lock lock(mutex_);
        waiting_.emplace(batch.first_number, std::pair(batch.event_count, std::move(done)));
        for (const auto& block : batch.blocks) bytes += block.encoded.size();
        while (!waiting_.empty() && waiting_.begin()->first == end_) {
            auto first = std::move(waiting_.extract(waiting_.begin()).mapped());
            end_ += first.first;
            first.second({});
        }
    }
    Result<void> admit(std::uint64_t) const override { return {}; }
    std::uint64_t end() const override { return end_; }
    std::uint64_t begin() const override { return 0; }
    Result<std::vector<StoredBlock>> read(std::uint64_t, std::size_t) override { return std::vector<StoredBlock>{}; }
    Result<StoredBlock> find(std::uint64_t) override { return fail(Code::not_found, "kept nothing"); }
    bool wait(std::uint64_t, int) override { return true; }

    std::size_t bytes = 0;

private:
    std::mutex mutex_;
    std::uint64_t end_ = 0;
    std::map<std::uint64_t, std::pair<std::uint64_t, Done>> waiting_;
};

/// Knows nothing: what admission costs beside it.
class NoSeen final : public Seen {
public:
    Result<void> find(std::span<const Fingerprint> candidates, Sightings& out) override {
        out.of.assign(candidates.size(), {});
        return {};
    }
    Result<void> insert(std::span<const Fingerprint>, std::uint64_t) override { return {}; }
    void durable(std::uint64_t) override {}
    Result<std::vector<std::uint64_t>> numbers_of(std::uint64_t) override { return std::vector<std::uint64_t>{}; }
};

class WallClock final : public Clock {
public:
    Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::size_t events_max = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100000;
    const std::size_t per_request = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1000;
    const std::size_t dictionary_bytes = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1 << 20;

    std::ifstream file(argv[1]);
    std::vector<std::string> samples, bodies;
    std::size_t bytes = 0;
    for (std::string line; events < events_max && std::getline(file, line);) {
        if (samples.size() < 40000) {
            samples.push_back(line);
            continue;
        }
        if (events++ % per_request == 0) bodies.emplace_back();
        bodies.back() += line + "\n";
        bytes += line.size();
    }
    for (auto& body : bodies) {
        const auto size = body.size();
        body.append(RecordParser::padding, '\0');
        body.resize(size);
    }
    fmt::print("{} events of {} B, {} a request\n", events, bytes / events, per_request);
    const auto trained = train_dictionary(samples, dictionary_bytes);
    const BlockCodec codec{3, 4096, trained ? *trained : nullptr};

    std::vector<Sliced> sliced;
    double sum = step("slice", [&] {
        for (const auto& body : bodies) sliced.push_back(slice(body));
    });
    step("slice, as {\"Records\":[...]}", [&] {
        for (const auto& body : bodies) {
            std::string text = "{\"Records\":[" + body + "]}";
            text.reserve(text.size() + RecordParser::padding);
            for (auto at = text.find("}\n{"); at != std::string::npos; at = text.find("}\n{", at + 3))
                text[at + 1] = ',';
            if (slice(text).slices.size() < 1) std::abort();
        }
    });

    RecordParser parser;
    const auto each = [&](auto&& use) {
        for (const auto& body : sliced)
            for (const auto& part : body.slices) use(part.text);
    };
    const HashKey key(std::string(32, 'k'));
    std::uint64_t sink = 0;
    sum += step("check", [&] { each([&](std::string_view text) { sink += parser.parse(text).has_value(); }); });
    step("check, hash", [&] {
        each([&](std::string_view text) {
            const auto event = *parser.parse(text);
            sink += identity_hash(key, event->account, event->event_id) + key.hash128(event->raw).low;
        });
    });
    step("check, index row", [&] {
        IndexBatch batch;
        each([&](std::string_view text) {
            batch.add(**parser.parse(text), 0);
            if (batch.rows.size() >= per_request) batch.clear();
        });
    });
    step("encode", [&] {
        BlockBuilder builder(RetentionClass::management);
        each([&](std::string_view text) {
            builder.add(text, {});
            if (builder.raw_bytes() >= 128 * 1024) sink += builder.finish(codec).size();
        });
    });

    NoLog log;
    NoSeen seen;
    WallClock clock;
    Metrics metrics;
    Ingest ingest({log, seen, {}, [&] { return codec; }, {}, key, clock, metrics}, {});
    step(
        "all but slicing, whole process",
        [&] {
            for (std::size_t i = 0; i < bodies.size(); ++i) {
                std::vector<std::string_view> texts;
                for (const auto& part : sliced[i].slices) texts.push_back(part.text);
                ingest.submit(nullptr, std::move(texts), {}, [](Result<Receipt> receipt) {
                    if (!receipt) std::abort();
                });
            }
            ingest.drain();
        },
        CLOCK_PROCESS_CPUTIME_ID);
    fmt::print("stored {} B/event\n", log.bytes / events);
    return static_cast<int>(sink == 1);
}
