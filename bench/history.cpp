// Event history over events of a file of records, one a line, repeated with other ids and later times until there are
// enough:
//   bench_history RECORDS.ndjson FOLDER [EVENTS]
// Prints CPU per event of publishing and of building and merging index files, bytes per event on disk, the time of
// "newest 50" searches with values drawn from the data (the best of three, one after the other), and that of
// LookupEvents for the same values from the parsed request to the built answer (every value once to warm, then once for
// its time), beside the goals of the design. All times are CPU times of the thread: searches of warm data do not block,
// and other work on the machine does not count. Of free text, which several threads look for, it is the time of all of
// them.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "api/lookup.h"
#include "backend/posix/posix_disk.h"
#include "base/metrics.h"
#include "base/uuid.h"
#include "event/block.h"
#include "event/record.h"
#include "view/history/history.h"

namespace {

using namespace cairn;

constexpr std::size_t block_events = 100;
constexpr std::size_t sample_events = 40'000;
constexpr int probes = 2'000;

double cpu_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

[[noreturn]] void stop(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
}

template <class T>
T need(Result<T> result) {
    if (!result) stop(result.error().message);
    return std::move(*result);
}

/// Blocks in memory.
class Log : public EventLog {
public:
    void put(std::string bytes, std::uint32_t count) {
        blocks_.push_back({end_, count, std::make_shared<const std::string>(std::move(bytes))});
        bytes_ += blocks_.back().bytes->size();
    }
    void publish() { end_ = blocks_.back().first + blocks_.back().count; }
    std::uint64_t bytes() const { return bytes_; }

    void append(Batch, Done) override {}
    Result<void> admit(std::uint64_t) const override { return {}; }
    std::uint64_t end() const override { return end_; }
    std::uint64_t begin() const override { return 0; }
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override {
        std::vector<StoredBlock> found;
        std::size_t bytes = 0;
        for (auto at = from / block_events; at < blocks_.size() && bytes < bytes_max; ++at) {
            found.push_back(stored(blocks_[at]));
            bytes += found.back().bytes.size();
        }
        return found;
    }
    Result<StoredBlock> find(std::uint64_t number) override {
        if (number / block_events >= blocks_.size()) return fail(Code::not_found, "no such event");
        return stored(blocks_[number / block_events]);
    }
    bool wait(std::uint64_t number, int) override { return end_ > number; }

private:
    struct Block {
        std::uint64_t first;
        std::uint32_t count;
        std::shared_ptr<const std::string> bytes;
    };
    static StoredBlock stored(const Block& block) {
        return {block.first, block.count, RetentionClass::management, *block.bytes, block.bytes};
    }
    std::vector<Block> blocks_;
    std::atomic<std::uint64_t> end_ = 0;
    std::uint64_t bytes_ = 0;
};

struct Now : Clock {
    Time now() const override { return {}; }
};

/// A record with another eventID and a later time, of the same length.
void vary(std::string& record, std::uint64_t round, std::mt19937_64& random) {
    if (round == 0) return;
    const auto at = [&](std::string_view name) {
        return record.find(name) == std::string::npos ? std::string::npos : record.find(name) + name.size();
    };
    if (const auto id = at("\"eventID\":\""); id != std::string::npos && record.size() > id + 36) {
        Uuid uuid;
        for (auto& byte : uuid.bytes) byte = static_cast<unsigned char>(random());
        record.replace(id, 36, format_uuid(uuid));
    }
    if (const auto time = at("\"eventTime\":\""); time != std::string::npos) {
        const auto parsed = parse_time(std::string_view(record).substr(time, 20));
        if (parsed) record.replace(time, 20, format_time(*parsed + std::chrono::hours(24 * 30 * round)).substr(0, 20));
    }
}

struct Probe {
    std::string account, region;
    std::string value[9];
};

void print_times(std::string_view name, std::vector<double>& ns, double p50_goal, double p99_goal) {
    if (ns.empty()) return;
    std::ranges::sort(ns);
    const auto p50 = ns[ns.size() / 2] / 1e6, p99 = ns[ns.size() * 99 / 100] / 1e6;
    fmt::print("{:<14} p50 {:7.4f} ms ({:4.2f} of goal)  p99 {:7.4f} ms ({:4.2f} of goal)\n", name, p50, p50 / p50_goal,
               p99, p99 / p99_goal);
}

/// LookupEvents as a node answers it, of which nothing but the search and the answer is needed.
void look_up_all(history::History& history, Log& log, const FindDictionary& find, Metrics& metrics,
                 const std::vector<Probe>& probes) {
    static const Now clock;
    const api::Parts parts{.authenticate = {},
                           .submit = {},
                           .history = history,
                           .log = log,
                           .find_dictionary = find,
                           .clock = clock,
                           .metrics = metrics};
    const char* keys[] = {"EventId", "EventName", "EventSource", "Username", "AccessKeyId", "ReadOnly", "ResourceName"};
    for (std::size_t key = 0; key < std::size(keys); ++key) {
        std::vector<double> ns;
        for (const bool warm : {false, true}) {
            for (const auto& probe : probes) {
                if (probe.value[key].empty()) continue;
                api::Lookup lookup;
                lookup.attribute_key = keys[key];
                lookup.attribute_value = probe.value[key];
                const auto begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
                const auto answer = api::lookup_events(parts, {}, lookup, probe.account, probe.region);
                if (!answer) stop(answer.error().message);
                if (warm) ns.push_back(cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
            }
        }
        print_times(keys[key], ns, key == 0 ? 0.02 : 0.25, key == 0 ? 0.05 : 0.6);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) stop("usage: bench_history RECORDS.ndjson FOLDER [EVENTS]");
    const std::uint64_t events = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 2'000'000;
    auto disk = need(open_posix_disk(argv[2]));
    Log log;
    Now clock;
    Metrics metrics;
    std::mt19937_64 random(1);

    std::ifstream lines(argv[1]);
    DictionaryPointer dictionary;
    {
        std::vector<std::string> samples;
        for (std::string line; samples.size() < sample_events && std::getline(lines, line);) samples.push_back(line);
        dictionary = need(train_dictionary(samples, 1 << 20));
    }
    const FindDictionary find = [&](std::uint32_t id) { return id == dictionary->id() ? dictionary : nullptr; };
    const BlockCodec codec{.level = 1, .sub_block_bytes = 4096, .dictionary = dictionary};
    auto history = need(history::History::open({*disk, "view/history", log, find, clock, metrics}));

    double publish_ns = 0, prepare_ns = 0;
    std::uint64_t raw_bytes = 0, round = 0;
    RecordParser parser;
    IndexBatch batch;
    BlockBuilder builder(RetentionClass::management);
    std::vector<Probe> drawn;
    lines.clear();
    lines.seekg(0);
    const auto cpu_before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    std::string line;
    for (std::uint64_t number = 0; number < events; ++number) {
        if (!std::getline(lines, line)) {
            ++round;
            lines.clear();
            lines.seekg(0);
            std::getline(lines, line);
        }
        vary(line, round, random);
        raw_bytes += line.size();
        line.reserve(line.size() + RecordParser::padding);
        const auto* event = need(parser.parse(line));
        builder.add(line, {});
        const auto before = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
        batch.add(*event, number);
        prepare_ns += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - before;
        if (random() % (events / probes / 2) == 0 && drawn.size() < probes) {
            Probe probe{std::string(event->account), std::string(event->region), {}};
            probe.value[0] = event->event_id;
            probe.value[1] = event->event_name;
            probe.value[2] = event->event_source;
            probe.value[3] = event->username;
            probe.value[4] = event->access_key_id;
            probe.value[5] = event->read_only == ReadOnly::yes ? "true" : "false";
            if (!event->resources.empty()) probe.value[6] = event->resources[0].name;
            drawn.push_back(std::move(probe));
        }
        if (builder.event_count() == block_events || number + 1 == events) {
            const auto count = static_cast<std::uint32_t>(builder.event_count());
            log.put(builder.finish(codec), count);
            log.publish();
        }
        if (batch.rows.size() == 1000 || number + 1 == events) {
            const auto begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
            history->publish(batch);
            publish_ns += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
            batch.clear();
        }
    }
    std::size_t files_before = 0;
    for (;;) {  // until building and merging are quiet
        const auto before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
        std::this_thread::sleep_for(std::chrono::seconds(1));
        const auto files = need(disk->list("view/history")).size();
        if (files == files_before && cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before < 5e7) break;
        files_before = files;
    }
    const auto background_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
    const auto per_event = [&](double value) { return value / static_cast<double>(events); };
    std::uint64_t index_bytes = 0;
    for (const auto& name : need(disk->list("view/history")))
        index_bytes += need(need(disk->open("view/history/" + name, OpenMode::read))->size());
    fmt::print("{} events, {:.0f} B each; blocks {:.1f} B, index {:.1f} B in {} files\n", events,
               per_event(static_cast<double>(raw_bytes)), per_event(static_cast<double>(log.bytes())),
               per_event(static_cast<double>(index_bytes)), files_before);
    fmt::print(
        "CPU ns per event: rows {:.0f} (with 2 clock calls), publish {:.0f} ({:.2f} of 300), build and merge {:.0f} "
        "({:.2f} of 600)\n",
        per_event(prepare_ns), per_event(publish_ns), per_event(publish_ns) / 300, per_event(background_ns),
        per_event(background_ns) / 600);

    const char* fields[] = {"eventID",  "eventName", "eventSource", "user", "accessKey", "readOnly",
                            "resource", "",          "eventName"};
    for (int field = 0; field < 9; ++field) {
        std::vector<double> ns;
        for (const auto& probe : drawn) {
            std::string value = field == 8 ? "NoSuchName" : probe.value[field];
            if (field != 7 && value.empty()) continue;
            std::erase_if(value, [](char c) { return c == '"' || c == '\\'; });
            const auto text = field == 7 ? std::string() : fmt::format("{}=\"{}\"", fields[field], value);
            auto query = match::Query::parse(text);
            if (!query) stop(query.error().message);
            const history::Search search{.scope = Scope::of(probe.account, probe.region),
                                         .categories = {},
                                         .from = {},
                                         .to = {},
                                         .query = *query,
                                         .oldest_first = false,
                                         .limit = 50,
                                         .token = {}};
            double best = 1e18;
            for (int i = 0; i < 3; ++i) {
                const auto begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
                need(history->search(search));
                best = std::min(best, cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
            }
            ns.push_back(best);
        }
        const auto name = field == 7 ? "scope only" : field == 8 ? "no match" : fields[field];
        print_times(name, ns, field == 0 ? 0.02 : 0.25, field == 0 ? 0.05 : 0.6);
    }

    fmt::print("LookupEvents, answers built\n");
    look_up_all(*history, log, find, metrics, drawn);

    for (const char* text : {"\"no-such-text-anywhere\"", "\"qqzzqq\""}) {
        history::Search search{.scope = Scope::all(),
                               .categories = {},
                               .from = {},
                               .to = {},
                               .query = *match::Query::parse(text),
                               .oldest_first = false,
                               .limit = 50,
                               .token = {}};
        const auto begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID), begin_wall = cpu_ns(CLOCK_MONOTONIC);
        const auto page = need(history->search(search));
        const auto ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin, wall_ns = cpu_ns(CLOCK_MONOTONIC) - begin_wall;
        const auto bytes = per_event(static_cast<double>(raw_bytes)) * static_cast<double>(page.scanned);
        fmt::print("free text {}: {:.2f} GB/s of JSON a core ({:.2f} of 2), {:.2f} GB/s in all ({} records)\n", text,
                   bytes / ns, bytes / ns / 2, bytes / wall_ns, page.scanned);
    }

    for (const char* text : {"", "readOnly=true", "readOnly=true eventSource=\"s3.amazonaws.com\""}) {
        const history::Search search{.scope = Scope::all(),
                                     .categories = {},
                                     .from = {},
                                     .to = {},
                                     .query = *match::Query::parse(text),
                                     .oldest_first = false,
                                     .limit = 50,
                                     .token = {}};
        const auto begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
        const auto count = need(history->count(search, events)).value;
        const auto count_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
        const auto values = need(history->values(search, "eventName", "", 100)).values.size();
        const auto values_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin - count_ns;
        fmt::print("count of \"{}\": {} events in {:.1f} ms; values of eventName: {} in {:.1f} ms\n", text, count,
                   count_ns / 1e6, values, values_ns / 1e6);
    }
}
