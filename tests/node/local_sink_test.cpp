#include "node/local_sink.h"

#include <atomic>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ingest/fakes.h"

namespace cairn::node {

namespace {

using ingest::test::House;
using ingest::test::record;

/// What became of records, by their sequence numbers.
class Answers {
public:
    gateway::RecordSink::Done one(std::uint64_t sequence) {
        return [this, sequence](Result<void> result) {
            const std::lock_guard lock(mutex_);
            EXPECT_TRUE(by_sequence_.emplace(sequence, std::move(result)).second) << "answered twice: " << sequence;
            changed_.notify_all();
        };
    }
    std::map<std::uint64_t, Result<void>> wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return by_sequence_.size() == count; }));
        return by_sequence_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Result<void>> by_sequence_;  // guarded by mutex_
};

gateway::GatewayRecord given(std::uint64_t sequence) {
    return {record(fmt::format("id-{}", sequence)), fmt::format(R"({{"upstream":"u","n":{}}})", sequence), sequence};
}

}  // namespace

TEST(LocalSink, WhatComesMeanwhileGoesInTogetherEachWithWhatIsKnownOfIt) {
    House house;
    Answers answers;
    const auto sink = make_local_sink(house.ingest, "gate");
    house.log.hold();
    constexpr std::uint64_t count = 1000, refused = 500;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto one = given(i);
        if (i == refused) one.text = R"({"no":"record"})";
        sink->submit(std::move(one), answers.one(i));
    }
    house.log.release();
    for (const auto& [sequence, result] : answers.wait(count)) {
        ASSERT_EQ(result.has_value(), sequence != refused) << sequence;
        if (result) continue;
        EXPECT_EQ(result.error().code, Code::invalid) << "it will never be taken";
    }
    EXPECT_EQ(house.log.end(), count - 1);
    EXPECT_LT(house.log.block_count(), count / 10);
    std::set<std::uint64_t> seen;
    for (std::uint64_t number = 0; number < count - 1; ++number) {
        const auto event = read_event(house.log, {}, number);
        ASSERT_TRUE(event) << event.error().message;
        const auto expected = given(event->envelope.sequence);
        EXPECT_EQ(event->record, expected.text);
        EXPECT_EQ(event->envelope.evidence, expected.evidence);
        EXPECT_EQ(event->envelope.gateway, "gate");
        EXPECT_TRUE(seen.insert(event->envelope.sequence).second);
    }
}

TEST(LocalSink, AnErrorIsToldToAllOfThoseThatWentTogether) {
    House house;
    Answers answers;
    const auto sink = make_local_sink(house.ingest, "gate");
    house.log.hold();
    for (std::uint64_t i = 0; i < 200; ++i) sink->submit(given(i), answers.one(i));
    house.log.fail_from(0);
    house.log.release();
    for (const auto& [sequence, result] : answers.wait(200)) {
        ASSERT_FALSE(result) << sequence;
        EXPECT_NE(result.error().code, Code::invalid) << "it may be given again";
    }
}

TEST(LocalSink, ManyThreadsAtOnceLoseNothing) {
    House house;
    Answers answers;
    constexpr std::uint64_t threads = 4, each = 500;
    {
        const auto sink = make_local_sink(house.ingest, "gate");
        std::vector<std::jthread> givers;
        for (std::uint64_t thread = 0; thread < threads; ++thread)
            givers.emplace_back([&, thread] {
                for (std::uint64_t i = 0; i < each; ++i)
                    sink->submit(given(thread * each + i), answers.one(thread * each + i));
            });
        givers.clear();
        for (const auto& [sequence, result] : answers.wait(threads * each)) ASSERT_TRUE(result) << sequence;
    }
    EXPECT_EQ(house.log.end(), threads * each);
}

}  // namespace cairn::node
