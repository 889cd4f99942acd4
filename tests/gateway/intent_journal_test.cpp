#include "gateway/intent_journal.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "gateway/intent_frame.h"
#include "support/memory_disk.h"

namespace cairn::gateway {
namespace {

using std::chrono::milliseconds;
using Room = IntentJournal::Room;

Uuid id_of(std::uint8_t n) {
    Uuid id;
    id.bytes.fill(n);
    return id;
}

IntentJournalOptions quick() {
    IntentJournalOptions options;
    options.settle_interval = milliseconds(1);
    return options;
}

class IntentJournalTest : public testing::Test {
protected:
    std::unique_ptr<IntentJournal> open(IntentJournalOptions options = quick()) { return open(disk_, options); }
    std::unique_ptr<IntentJournal> open(Disk& disk, IntentJournalOptions options = quick()) {
        auto opened = IntentJournal::open(std::move(options), disk, metrics_);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? std::move(*opened) : nullptr;
    }
    static Result<void> put(IntentJournal& journal, std::uint8_t n, const std::string& text,
                            Room room = Room::of_a_new_call) {
        std::mutex mutex;
        std::condition_variable answered;
        std::optional<Result<void>> outcome;
        const GatewayRecord records[] = {{text, "{}", n}};
        journal.put(id_of(n), records, room, [&](Result<void> result) {
            std::lock_guard lock(mutex);
            outcome = std::move(result);
            answered.notify_all();
        });
        std::unique_lock lock(mutex);
        answered.wait(lock, [&] { return outcome.has_value(); });
        return *outcome;
    }
    /// What stands for each call, "1:text 2:text", as the next process reads it.
    std::string left(Disk& disk) {
        const auto journal = open(disk);
        return journal ? text_of(journal->take_unsettled()) : "refused";
    }
    static std::string text_of(const std::vector<IntentJournal::Unsettled>& unsettled) {
        std::string out;
        for (const auto& one : unsettled) {
            out += (out.empty() ? "" : " ") + std::to_string(one.id.bytes[0]) + ":";
            for (const auto& record : one.records) out += record.text;
        }
        return out;
    }
    std::size_t files(const support::MemoryDisk& disk) const { return disk.list("intents")->size(); }

    support::MemoryDisk disk_;
    Metrics metrics_;
};

TEST_F(IntentJournalTest, KeepsTheLastOfEachCallUntilItIsSettled) {
    auto journal = open();
    for (std::uint8_t n = 1; n <= 4; ++n) ASSERT_TRUE(put(*journal, n, "intent"));
    ASSERT_TRUE(put(*journal, 3, "record", Room::of_its_end));
    journal->settle(id_of(2));
    journal->settle(id_of(9));
    journal.reset();
    EXPECT_EQ(left(disk_), "1:intent 3:record 4:intent");
    journal = open();
    for (auto& one : journal->take_unsettled()) journal->settle(one.id);
    journal.reset();
    EXPECT_EQ(files(disk_), 0u);
}

TEST_F(IntentJournalTest, SeveralRecordsOfACallStandTogether) {
    auto journal = open();
    const GatewayRecord records[] = {{"{\"a\":1}", "{\"e\":1}", 5}, {"{\"b\":2}", "", 6}};
    std::atomic<bool> done{false};
    journal->put(id_of(1), records, Room::of_its_end, [&](const Result<void>& result) { done = result.has_value(); });
    journal.reset();
    EXPECT_TRUE(done);
    journal = open();
    const auto unsettled = journal->take_unsettled();
    ASSERT_EQ(unsettled.size(), 1u);
    ASSERT_EQ(unsettled[0].records.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(unsettled[0].records[i].text, records[i].text);
        EXPECT_EQ(unsettled[0].records[i].evidence, records[i].evidence);
        EXPECT_EQ(unsettled[0].records[i].sequence, records[i].sequence);
    }
}

TEST_F(IntentJournalTest, FilesGoOnceAllOfTheirCallsAreSettled) {
    auto options = quick();
    options.file_bytes = 300;
    auto journal = open(options);
    for (std::uint8_t n = 1; n <= 40; ++n) ASSERT_TRUE(put(*journal, n, std::string(100, 'i')));
    EXPECT_GT(files(disk_), 10u);
    for (std::uint8_t n = 1; n <= 40; ++n) journal->settle(id_of(n));
    for (int i = 0; i < 500 && files(disk_) > 1; ++i) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_LE(files(disk_), 1u);
}

TEST_F(IntentJournalTest, OneLongCallDoesNotKeepAllFiles) {
    auto options = quick();
    options.file_bytes = 500;
    options.bytes_max = 4'000;
    auto journal = open(options);
    ASSERT_TRUE(put(*journal, 200, "long"));
    for (int i = 0; i < 200; ++i) {
        const auto n = static_cast<std::uint8_t>(1 + i % 100);
        ASSERT_TRUE(put(*journal, n, std::string(100, 'i'))) << i;
        journal->settle(id_of(n));
    }
    journal.reset();
    EXPECT_EQ(left(disk_), "200:long");
}

TEST_F(IntentJournalTest, AFullJournalTakesNoNewCallsButTheEndsOfOldOnes) {
    auto options = quick();
    options.file_bytes = 300;
    options.bytes_max = 2'000;
    auto journal = open(options);
    std::uint8_t taken = 0;
    Result<void> last;
    while ((last = put(*journal, static_cast<std::uint8_t>(taken + 1), std::string(90, 'i')))) ++taken;
    EXPECT_EQ(last.error().code, Code::exhausted);
    EXPECT_GT(taken, 8);
    for (std::uint8_t n = 1; n <= taken; ++n) {
        ASSERT_TRUE(put(*journal, n, std::string(200, 'r'), Room::of_its_end));
        journal->settle(id_of(n));
    }
    bool again = false;
    for (int i = 0; i < 500 && !again; ++i) {
        again = put(*journal, 100, "new").has_value();
        std::this_thread::sleep_for(milliseconds(5));
    }
    EXPECT_TRUE(again);
}

TEST_F(IntentJournalTest, WhatCouldNotBeWrittenIsRefusedAndWhatComesLaterIsNot) {
    for (const auto call : {support::Call::write, support::Call::sync, support::Call::open}) {
        SCOPED_TRACE(support::call_name(call));
        support::MemoryDisk disk;
        auto journal = open(disk);
        ASSERT_TRUE(put(*journal, 1, "intent"));
        if (call == support::Call::open) {
            disk.plan_failure(support::Call::sync, 1, Code::unavailable);
            EXPECT_FALSE(put(*journal, 7, "lost"));
            journal->settle(id_of(7));
        }
        disk.plan_failure(call, 1, Code::unavailable);
        EXPECT_FALSE(put(*journal, 2, "intent"));
        journal->settle(id_of(2));
        EXPECT_TRUE(put(*journal, 3, "intent"));
        EXPECT_TRUE(put(*journal, 1, "record", Room::of_its_end));
        journal.reset();
        EXPECT_EQ(left(disk), "1:record 3:intent");
    }
}

/// What a call stands for: what was acknowledged last, or anything that was tried after it; nothing once it is settled
/// or before it was tried.
struct Tried {
    std::string acknowledged;
    std::vector<std::string> later;
    bool settled = false;
};

bool fits(const std::map<std::uint8_t, Tried>& tried, const std::vector<IntentJournal::Unsettled>& unsettled) {
    std::map<std::uint8_t, std::string> stands;
    for (const auto& one : unsettled) stands[one.id.bytes[0]] = one.records.at(0).text;
    for (const auto& [n, call] : tried) {
        const auto found = stands.find(n);
        if (found == stands.end()) {
            if (!call.acknowledged.empty() && !call.settled) return false;
            continue;
        }
        if (found->second != call.acknowledged && std::ranges::find(call.later, found->second) == call.later.end())
            return false;
        stands.erase(found);
    }
    return stands.empty();
}

TEST_F(IntentJournalTest, HoldsWhatItSaidAtEveryPointWhereTheDiskDies) {
    auto options = quick();
    options.file_bytes = 300;
    options.bytes_max = 1'500;
    for (std::uint64_t die_at = 1; die_at < 400; ++die_at) {
        SCOPED_TRACE(die_at);
        support::MemoryDisk disk;
        disk.stop_at(die_at);
        std::map<std::uint8_t, Tried> tried;
        auto opened = IntentJournal::open(options, disk, metrics_);
        if (opened) {
            std::mt19937 draw(static_cast<unsigned>(die_at));
            for (int i = 0; i < 60; ++i) {
                const auto n = static_cast<std::uint8_t>(1 + draw() % 12);
                auto& call = tried[n];
                if (call.settled) continue;
                const auto kind = draw() % 4;
                if (kind == 0 && !call.acknowledged.empty()) {
                    call.settled = true;
                    (*opened)->settle(id_of(n));
                    continue;
                }
                const auto text = std::to_string(i) + std::string(60, 'x');
                const auto result =
                    put(**opened, n, text, call.acknowledged.empty() ? Room::of_a_new_call : Room::of_its_end);
                if (result) {
                    call.acknowledged = text;
                    call.later.clear();
                } else if (result.error().code != Code::exhausted) {
                    call.later.push_back(text);
                }
            }
            opened->reset();
        }
        disk.crash(die_at);
        const auto again = open(disk, options);
        ASSERT_TRUE(again);
        ASSERT_TRUE(fits(tried, again->take_unsettled()));
    }
}

TEST_F(IntentJournalTest, AFileThatIsCutOrFlippedGivesItsCallsUpToThere) {
    std::string file = intent_header();
    std::vector<std::pair<std::size_t, std::string>> states{{0, ""}};  // up to which byte, and what stands there
    const auto add = [&](std::uint8_t n, const char* text, const char* state) {
        std::vector<GatewayRecord> records;
        if (*text) records.push_back({text, "{}", n});
        append_intent_frame(file, id_of(n), records);
        states.emplace_back(file.size(), state);
    };
    add(1, "intent", "1:intent");
    add(2, "intent", "1:intent 2:intent");
    add(1, "record", "1:record 2:intent");
    add(1, "", "2:intent");
    const auto state_at = [&](std::size_t bytes) {
        std::string state;
        for (const auto& [end, text] : states)
            if (end <= bytes) state = text;
        return state;
    };
    const auto left_of = [&](const std::string& bytes) {
        support::MemoryDisk disk;
        EXPECT_TRUE(disk.make_folder("intents"));
        EXPECT_TRUE(replace_file(disk, "intents/00000000000000000001", bytes));
        Metrics metrics;
        auto opened = IntentJournal::open(quick(), disk, metrics);
        return opened ? text_of((*opened)->take_unsettled()) : "refused";
    };
    for (std::size_t cut = 0; cut <= file.size(); ++cut) EXPECT_EQ(left_of(file.substr(0, cut)), state_at(cut)) << cut;
    for (std::size_t at = 0; at < file.size(); ++at) {
        auto flipped = file;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        EXPECT_EQ(left_of(flipped), at < intent_header_bytes ? "refused" : state_at(at)) << at;
    }
}

TEST(IntentFile, OfVersionOneIsReadAndWritten) {
    std::ifstream in(CAIRN_SOURCE_DIR "/tests/gateway/golden/intents-1", std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    ASSERT_TRUE(check_intent_header(file));
    auto rest = std::string_view(file).substr(intent_header_bytes);
    const GatewayRecord records[] = {{R"({"eventName":"CreateBucket"})", R"({"outcome":"unknown"})", 1795903742499033},
                                     {R"({"eventName":"CreateBucket","requestID":"1"})", "{}", 1795903742499034}};
    std::string written = intent_header();
    for (const auto& record : records) {
        const auto frame = take_intent_frame(rest);
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->id, id_of(0xab));
        const auto read = read_intent_records(frame->records);
        ASSERT_EQ(read.size(), 1u);
        EXPECT_EQ(read[0].text, record.text);
        EXPECT_EQ(read[0].evidence, record.evidence);
        EXPECT_EQ(read[0].sequence, record.sequence);
        append_intent_frame(written, id_of(0xab), {&record, 1});
    }
    const auto settled = take_intent_frame(rest);
    ASSERT_TRUE(settled);
    EXPECT_TRUE(settled->records.empty());
    EXPECT_TRUE(rest.empty());
    append_intent_frame(written, id_of(0xab), {});
    EXPECT_EQ(written, file);
}

TEST(IntentFile, OfANewerVersionIsRefused) {
    auto header = intent_header().substr(0, 8);
    append(header, std::uint32_t{2});
    append(header, crc32c(header));
    const auto refused = check_intent_header(header);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("version 2"), std::string::npos);
}

}  // namespace
}  // namespace cairn::gateway
