#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backend/posix/posix_disk.h"
#include "journal/journal.h"
#include "support/fake_clock.h"
#include "support/log_batches.h"
#include "support/memory_disk.h"
#include "support/temporary_folder.h"

// What every implementation of seam/event_log.h promises.

namespace cairn {
namespace {

using support::Answers;
using support::append_and_wait;
using support::batch_of;
using support::read_all;
using support::record_of;

/// The journal on one of the disks; sealing between appends so that archive and tail are both read.
class EventLogContract : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (std::string(GetParam()).starts_with("memory"))
            disk_ = std::make_unique<support::MemoryDisk>();
        else
            disk_ = std::move(*open_posix_disk(folder_.path() + "/data"));
        open();
    }
    void open() {
        log_.reset();
        journal::JournalOptions options;
        options.journal_file_bytes = 64 * 1024;
        auto log = journal::Journal::open(
            {*disk_, "log", clock_, metrics_, [] { return BlockCodec{}; }, [](std::uint32_t) { return nullptr; }},
            options);
        ASSERT_TRUE(log) << log.error().message;
        log_ = std::move(*log);
    }
    /// Moves what is stored to where it stays, in half of the runs.
    void settle() {
        if (std::string(GetParam()).ends_with("sealed")) {
            ASSERT_TRUE(log_->seal());
        }
    }
    void append(std::uint32_t count, bool encoded, RetentionClass retention = RetentionClass::management) {
        const auto result = append_and_wait(*log_, batch_of(log_->end(), count, encoded, retention));
        ASSERT_TRUE(result) << result.error().message;
    }
    void expect_all(std::uint64_t begin, std::uint64_t end) {
        const auto events = read_all(*log_);
        ASSERT_EQ(events.size(), end - begin);
        for (std::uint64_t number = begin; number < end; ++number) {
            EXPECT_EQ(events[number - begin].first, number);
            EXPECT_EQ(events[number - begin].second, record_of(number));
        }
    }

    support::TemporaryFolder folder_;
    support::FakeClock clock_;
    Metrics metrics_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<journal::Journal> log_;
};

TEST_P(EventLogContract, ANewLogIsEmpty) {
    EXPECT_EQ(log_->end(), log_->begin());
    EXPECT_TRUE(log_->read(0, 100).value().empty());
    EXPECT_EQ(log_->find(0).error().code, Code::not_found);
    EXPECT_FALSE(log_->wait(0, 0));
}

TEST_P(EventLogContract, WhatIsAppendedIsReadInOrder) {
    append(3, true);
    append(1, false);
    settle();
    append(2, false, RetentionClass::data);
    append(4, true);
    EXPECT_EQ(log_->end(), 10u);
    expect_all(0, 10);
}

TEST_P(EventLogContract, EventsSurviveReopening) {
    append(3, true);
    settle();
    append(2, false);
    open();
    EXPECT_EQ(log_->end(), 5u);
    expect_all(0, 5);
    append(1, false);
    open();
    expect_all(0, 6);
}

TEST_P(EventLogContract, BatchesInAnyOrderAreAnsweredInNumberOrder) {
    Answers answers;
    std::vector<std::uint64_t> order;
    const std::uint64_t firsts[] = {6, 2, 4, 0, 8};
    for (const auto first : firsts)
        log_->append(batch_of(first, 2, first % 4 == 0),
                     [&order, first, done = answers.expect()](Result<void> result) mutable {
                         order.push_back(first);
                         done(std::move(result));
                     });
    for (const auto& result : answers.wait()) EXPECT_TRUE(result);
    EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 2, 4, 6, 8}));
    expect_all(0, 10);
}

TEST_P(EventLogContract, ManyWritersAtOnce) {
    constexpr std::uint64_t threads = 4, each = 50;
    Answers answers;
    std::vector<std::thread> writers;
    for (std::uint64_t t = 0; t < threads; ++t)
        writers.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < each; ++i)
                log_->append(batch_of(i * threads + t, 1, false), answers.expect());
        });
    for (auto& writer : writers) writer.join();
    for (const auto& result : answers.wait()) EXPECT_TRUE(result);
    settle();
    expect_all(0, threads * each);
}

TEST_P(EventLogContract, WhatIsAnsweredIsReadable) {
    Answers answers;
    std::uint64_t readable = 0;
    for (std::uint64_t first = 0; first < 20; ++first)
        log_->append(batch_of(first, 1, true), [&, first, done = answers.expect()](Result<void> result) mutable {
            if (log_->end() > first && log_->find(first)) ++readable;
            done(std::move(result));
        });
    answers.wait();
    EXPECT_EQ(readable, 20u);
}

TEST_P(EventLogContract, ReadStopsAtTheBytesAskedForButGivesOneBlock) {
    append(5, true);
    append(5, true);
    settle();
    append(5, true);
    const auto one = log_->read(0, 1).value();
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one.front().first_number, 0u);
    std::uint64_t blocks = 0;
    for (std::uint64_t from = 0; from < log_->end(); ++blocks) {
        const auto read = log_->read(from, 1).value();
        ASSERT_EQ(read.size(), 1u);
        from = read.front().first_number + read.front().event_count;
    }
    EXPECT_LE(blocks, 3u);
}

TEST_P(EventLogContract, ReadBeginsAtTheBlockThatHoldsTheNumber) {
    append(5, true);
    append(5, true, RetentionClass::data);
    settle();
    EXPECT_EQ(log_->read(7, 1).value().front().first_number, 5u);
    EXPECT_TRUE(log_->read(10, 1).value().empty());
    EXPECT_TRUE(log_->read(1000, 1).value().empty());
}

TEST_P(EventLogContract, FindGivesTheBlockOfEveryEvent) {
    for (const auto retention :
         {RetentionClass::management, RetentionClass::data, RetentionClass::audit, RetentionClass::insight})
        append(3, true, retention);
    settle();
    append(2, false);
    const std::uint64_t expected[] = {0, 1, 7, 12, log_->end(), ~std::uint64_t{0}, 3};
    log_->expect(expected);  // a hint changes nothing
    log_->expect({});
    for (std::uint64_t number = 0; number < log_->end(); ++number) {
        SCOPED_TRACE(number);
        const auto event = read_event(*log_, [](std::uint32_t) { return nullptr; }, number);
        ASSERT_TRUE(event) << event.error().message;
        EXPECT_EQ(event->record, record_of(number));
        EXPECT_EQ(event->envelope, support::some_envelope());
    }
    EXPECT_EQ(log_->find(log_->end()).error().code, Code::not_found);
}

TEST_P(EventLogContract, BlocksOutliveSealingAndTheLog) {
    append(3, true);
    const auto tail = log_->find(1).value();
    const std::string bytes(tail.bytes);
    ASSERT_TRUE(log_->seal());
    const auto sealed = log_->find(1).value();
    for (int i = 0; i < 200; ++i) append(20, true);
    log_.reset();
    EXPECT_EQ(tail.bytes, bytes);
    EXPECT_EQ(sealed.event_count, 3u);
    EXPECT_TRUE(BlockReader::open(sealed.bytes, [](std::uint32_t) { return nullptr; }));
}

TEST_P(EventLogContract, WaitEndsWhenTheEventIsThere) {
    std::thread waiter([&] { EXPECT_TRUE(log_->wait(0, 60'000)); });
    append(1, false);
    waiter.join();
    EXPECT_TRUE(log_->wait(0, 0));
    EXPECT_FALSE(log_->wait(1, 1));
}

TEST_P(EventLogContract, AdmitsWhileThereIsSpace) { EXPECT_TRUE(log_->admit(1000)); }

INSTANTIATE_TEST_SUITE_P(All, EventLogContract, testing::Values("memory", "memory_sealed", "posix", "posix_sealed"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace cairn
