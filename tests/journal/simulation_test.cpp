#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "base/log.h"
#include "journal/test_journal.h"

// A log whose process dies at any call to the disk, again and again: while appending, sealing, joining, trimming, and
// while it recovers. Every seed is one life; CAIRN_SEED=N runs one alone, CAIRN_SEEDS=N that many.

namespace cairn::journal {
namespace {

struct Life {
    explicit Life(std::uint64_t seed) : random(seed) {}

    std::mt19937_64 random;
    support::MemoryDisk disk;
    support::FakeClock clock;
    Metrics metrics;
    std::unique_ptr<Journal> log;

    struct Event {
        std::string record;
        RetentionClass retention;
    };
    std::map<std::uint64_t, Event> acknowledged;            // must be there unless trimmed
    std::map<std::uint64_t, std::vector<Event>> attempted;  // may be there: what was sent under this number
    std::set<std::uint64_t> batch_ends{0};                  // attempted and acknowledged
    std::uint64_t attempts = 0;

    std::uint64_t draw(std::uint64_t below) { return random() % below; }

    bool open() {
        log.reset();
        JournalOptions options;
        options.journal_file_bytes = 32 * 1024;
        options.background = false;
        options.space_retry = std::chrono::milliseconds(1);
        options.archive.file_bytes_max = 24 * 1024;
        options.archive.merge = {4 * 1024, 16 * 1024};
        auto opened = Journal::open({disk, "log", clock, metrics, [] { return BlockCodec{}; }, no_dictionary}, options);
        if (!opened) {
            EXPECT_TRUE(disk.stopped()) << opened.error().message;
            return false;
        }
        log = std::move(*opened);
        return true;
    }

    Batch make_batch(std::uint64_t first) {
        Batch batch;
        batch.first_number = first;
        for (auto blocks = 1 + draw(2); blocks > 0; --blocks) {
            const auto retention = static_cast<RetentionClass>(draw(2));
            BlockInput input;
            input.retention = retention;
            input.first_number = first + batch.event_count;
            input.envelopes.push_back(support::some_envelope());
            for (auto events = 1 + draw(4); events > 0; --events) {
                const auto number = first + batch.event_count++;
                input.fingerprints.push_back(support::fingerprint_of(number));
                input.records.push_back(R"({"number":)" + std::to_string(number) + R"(,"attempt":)" +
                                        std::to_string(++attempts) + R"(,"text":")" + std::string(draw(300), 'x') +
                                        R"("})");
                attempted[number].push_back({input.records.back(), retention});
            }
            if (draw(2) == 0) {
                BlockBuilder builder(retention);
                for (const auto& record : input.records) builder.add(record, input.envelopes.front());
                input.encoded = builder.finish({});
                input.records.clear();
                input.envelopes.clear();
            }
            batch.blocks.push_back(std::move(input));
        }
        batch_ends.insert(first + batch.event_count);
        return batch;
    }

    /// Some batches in one group commit: the first comes last, so that the log waits for it.
    void append_some() {
        support::Answers answers;
        std::vector<Batch> batches;
        auto number = log->end();
        for (auto count = 1 + draw(4); count > 0; --count) {
            batches.push_back(make_batch(number));
            number += batches.back().event_count;
        }
        const auto first = batches.front().first_number;
        while (!batches.empty()) {
            log->append(std::move(batches.back()), answers.expect());
            batches.pop_back();
        }
        const auto results = answers.wait();
        if (!results.front()) return;
        for (const auto& result : results) EXPECT_TRUE(result);
        for (auto event = first; event < number; ++event) settle(event, attempted[event].back());
    }

    void settle(std::uint64_t number, Event event) {
        attempted[number] = {event};
        acknowledged[number] = std::move(event);
    }

    void trim() {
        Retention retention;
        retention.keep[draw(2)] = std::chrono::hours(draw(72));
        (void)log->trim(retention, nullptr, log->end());
    }

    bool is_trimmed(std::uint64_t number, RetentionClass retention) const {
        for (const auto& tombstone : log->tombstones())
            if (tombstone.retention == retention && tombstone.first_number <= number && number < tombstone.end_number)
                return true;
        return false;
    }

    /// Nothing acknowledged is missing, nothing is there twice, nothing is half there.
    void verify() {
        const auto end = log->end();
        ASSERT_TRUE(batch_ends.contains(end)) << "log ends within a batch, at " << end;
        std::map<std::uint64_t, std::string> stored;
        for (auto& [number, record] : support::read_all(*log)) {
            ASSERT_TRUE(stored.emplace(number, record).second) << number << " is there twice";
            const auto& sent = attempted[number];
            const auto found = std::ranges::find(sent, record, &Event::record);
            ASSERT_NE(found, sent.end()) << number << " was never sent like this: " << record;
            // What is there after a restart stays, acknowledged or not.
            if (!acknowledged.contains(number)) settle(number, Event(*found));
        }
        for (const auto& [number, event] : acknowledged) {
            ASSERT_LT(number, end);
            const auto found = stored.find(number);
            if (found == stored.end()) {
                ASSERT_TRUE(is_trimmed(number, event.retention)) << number << " was acknowledged and is missing";
            } else {
                ASSERT_EQ(found->second, event.record);
                ASSERT_TRUE(log->find(number)) << number;
            }
        }
        batch_ends = {end};
    }

    void check_files() {
        const auto report = check(disk, "log", [](std::uint64_t, std::uint64_t) {});
        ASSERT_TRUE(report) << report.error().message;
        for (const auto& finding : report->findings)
            ADD_FAILURE() << finding.path << " at " << finding.offset << ": " << finding.what;
    }

    void act() {
        switch (draw(10)) {
            case 0: (void)log->seal(); return;
            case 1: trim(); return;
            case 2: clock.advance(std::chrono::hours(draw(30))); return;
            case 3:  // one call fails, and life goes on
                disk.plan_failure(static_cast<support::Call>(draw(support::call_count)), 1 + draw(20), Code::exhausted);
                return;
            default: append_some();
        }
    }

    void crash() {
        log.reset();
        if (draw(4) == 0)
            disk.crash();
        else
            disk.crash(random());
    }

    void run() {
        for (int round = 0; round < 12 && !testing::Test::HasFatalFailure(); ++round) {
            if (draw(3) == 0) disk.stop_at(1 + draw(60));
            if (!open()) {
                crash();
                continue;
            }
            disk.heal();
            verify();
            if (testing::Test::HasFatalFailure()) return;
            const bool dies = draw(4) != 0;
            if (dies) disk.stop_at(1 + draw(150));
            for (auto acts = 1 + draw(12); acts > 0 && !disk.stopped(); --acts) act();
            if (dies) {
                crash();
            } else {
                disk.heal();
                log.reset();  // an ordinary end
                check_files();
            }
        }
        disk.heal();
        ASSERT_TRUE(open());
        verify();
        log.reset();
        check_files();
    }
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, NothingAcknowledgedIsMissingAndNothingIsDoubled) {
    configure_log(std::getenv("CAIRN_SEED") ? LogLevel::info : LogLevel::error, false);
    const auto only = std::getenv("CAIRN_SEED");
    const auto first = only ? number_from_environment("CAIRN_SEED", 0) : 1;
    const auto last = only ? first : number_from_environment("CAIRN_SEEDS", 300);
    for (auto seed = first; seed <= last; ++seed) {
        SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed));
        Life(seed).run();
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace cairn::journal
