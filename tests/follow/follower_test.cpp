#include "follow/follower.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backend/sqlite/sqlite_store.h"
#include "base/log.h"
#include "follow/leases.h"
#include "follow/progress.h"
#include "support/fake_clock.h"
#include "support/fuse.h"
#include "support/memory_meta_store.h"
#include "support/temporary_folder.h"

namespace cairn::follow {
namespace {

using support::Crash, support::Fuse, support::FusedStore;

/// Numbers only: blocks of up to ten events.
class NumberLog final : public EventLog {
public:
    void grow(std::uint64_t count) {
        const std::lock_guard lock(mutex_);
        end_ += count;
        grown_.notify_all();
    }
    void append(Batch, Done) override {}
    Result<void> admit(std::uint64_t) const override { return {}; }
    std::uint64_t end() const override {
        const std::lock_guard lock(mutex_);
        return end_;
    }
    std::uint64_t begin() const override { return 0; }
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t) override {
        std::vector<StoredBlock> blocks;
        for (auto first = from / 10 * 10; first < end() && blocks.size() < 4; first += 10) {
            StoredBlock block;
            block.first_number = first;
            block.event_count = static_cast<std::uint32_t>(std::min<std::uint64_t>(10, end() - first));
            blocks.push_back(block);
        }
        return blocks;
    }
    Result<StoredBlock> find(std::uint64_t) override { return fail(Code::not_found, "none"); }
    bool wait(std::uint64_t number, int timeout_ms) override {
        std::unique_lock lock(mutex_);
        return grown_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return end_ > number; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable grown_;
    std::uint64_t end_ = 0;
};

/// What the world outside has seen.
struct Outside {
    std::mutex mutex;
    std::map<std::uint64_t, std::vector<std::string>> puts;  // bodies by plan
    int failing_puts = 0;
};

/// One plan for every seven events; what is left waits for more. Every event number is in one body.
class SevensView final : public View {
public:
    SevensView(Outside& outside, Fuse& fuse) : outside_(outside), fuse_(fuse) {}

    std::string name() const override { return "sevens"; }

    Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) override {
        fuse_.pass();
        Planned planned;
        const auto end = blocks.empty() ? from : blocks.back().first_number + blocks.back().event_count;
        auto number = from;
        for (; number + 7 <= end; number += 7)
            planned.plans.push_back({0, number, number + 7, lane_of(number), fmt::format("{}-{}", number, number + 7)});
        planned.read_to = planned.position = number;
        return planned;
    }

    Result<void> store(Transaction&, Planned&) override { return {}; }

    Result<void> put(const Plan& plan) override {
        fuse_.pass();
        {
            const std::lock_guard lock(outside_.mutex);
            if (outside_.failing_puts != 0 && outside_.failing_puts-- > 0) return fail(Code::unavailable, "no network");
            outside_.puts[plan.id].push_back(plan.body);
        }
        fuse_.pass();
        return {};
    }

    Result<void> publish(Transaction& transaction, const Plan& plan, std::vector<Plan>&) override {
        fuse_.pass();
        const auto key = fmt::format("{:020}", plan.from);
        const auto receipt = transaction.get("receipts", key);
        if (!receipt) return fail(receipt.error());
        return transaction.put("receipts", key, *receipt ? **receipt + " again " + plan.body : plan.body);
    }

    Result<bool> failed(Transaction&, const Plan&, const Error&) override { return false; }
    void restart(std::uint64_t) override {}

private:
    static std::string lane_of(std::uint64_t number) { return number % 2 == 0 ? "even" : "odd"; }

    Outside& outside_;
    Fuse& fuse_;
};

class FollowerTest : public ::testing::Test {
protected:
    void SetUp() override { configure_log(LogLevel::error, false); }
    void TearDown() override { configure_log(LogLevel::info, false); }

    FollowerOptions options() const {
        FollowerOptions options;
        options.holder = "test";
        options.retry_least_ms = options.retry_most_ms = 1;
        options.idle_wait_ms = 20;
        return options;
    }

    void expect_published_once(MetaStore& store, std::uint64_t events) {
        EXPECT_TRUE(store.view([&](Transaction& transaction) -> Result<void> {
            const auto receipts = transaction.scan("receipts", "", "", 10000);
            if (!receipts) return fail(receipts.error());
            std::uint64_t next = 0;
            for (const auto& [key, body] : *receipts) {
                EXPECT_EQ(body, fmt::format("{}-{}", next, next + 7));
                next += 7;
            }
            EXPECT_EQ(next, events / 7 * 7);
            const auto progress = load_progress(transaction, "sevens");
            EXPECT_TRUE(progress && progress->open.empty() && progress->position == next);
            return {};
        }));
        std::map<std::string, int> bodies;
        for (const auto& [id, puts] : outside_.puts) {
            for (const auto& body : puts) EXPECT_EQ(body, puts.front()) << "plan " << id << " was done differently";
            ++bodies[puts.front()];
        }
        EXPECT_EQ(bodies.size(), events / 7);
        for (const auto& [body, plans] : bodies) EXPECT_EQ(plans, 1) << body << " was planned twice";
    }

    NumberLog log_;
    support::FakeClock clock_;
    Metrics metrics_;
    Outside outside_;
};

TEST_F(FollowerTest, PlansPutsAndPublishesEveryEventOnce) {
    support::MemoryMetaStore store;
    Fuse fuse;
    SevensView view(outside_, fuse);
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    EXPECT_FALSE(*follower.step());
    for (int round = 0; round < 20; ++round) {
        log_.grow(13);
        for (;;) {
            const auto done = follower.step();
            ASSERT_TRUE(done) << done.error().message;
            if (!*done) break;
        }
    }
    EXPECT_EQ(follower.position(), 260u / 7 * 7);
    EXPECT_EQ(*published_position(store, "sevens"), 260u / 7 * 7);
    expect_published_once(store, 260);
    for (const auto& [id, puts] : outside_.puts) EXPECT_EQ(puts.size(), 1u);
}

// The process dies at the nth place of every kind, again and again, and goes on afterwards.
TEST_F(FollowerTest, ACrashAnywhereRepeatsPlansUnchangedAndPublishesOnce) {
    for (const bool with_leases : {false, true}) {
        for (std::uint64_t burns_at = 1;; ++burns_at) {
            SCOPED_TRACE(fmt::format("dies at {}{}", burns_at, with_leases ? " with leases" : ""));
            outside_.puts.clear();
            NumberLog log;
            support::MemoryMetaStore store;
            StoredLeases leases(store, clock_);
            int crashes = 0;
            log.grow(60);
            for (int life = 0; life < 200; ++life) {
                Metrics metrics;
                Fuse fuse;
                // Three lives in a row die, so that recovery itself is hit too.
                fuse.burns_at = crashes < 3 ? burns_at : 0;
                FusedStore fused(store, fuse);
                SevensView view(outside_, fuse);
                auto chosen = options();
                chosen.holder = fmt::format("life {}", life);
                Follower follower({view, log, fused, with_leases ? &leases : nullptr, clock_, metrics}, chosen);
                try {
                    for (;;) {
                        const auto done = follower.step();
                        ASSERT_TRUE(done) << done.error().message;
                        if (!*done && follower.position() >= log.end() / 7 * 7) break;
                        if (!*done) clock_.advance(std::chrono::seconds(31));  // until the lease of the dead one ends
                    }
                    break;
                } catch (const Crash&) {
                    ++crashes;
                    log.grow(3);
                }
            }
            expect_published_once(store, log.end());
            if (HasFailure() || crashes == 0) break;
        }
    }
}

TEST_F(FollowerTest, TwoOfThemPublishNothingTwice) {
    support::MemoryMetaStore store;
    StoredLeases leases(store, clock_);
    Fuse fuse;
    SevensView view(outside_, fuse);
    auto first = options(), second = options();
    first.holder = "one";
    second.holder = "two";
    Follower one({view, log_, store, &leases, clock_, metrics_}, first);
    Metrics other_metrics;
    Follower two({view, log_, store, &leases, clock_, other_metrics}, second);
    log_.grow(70);
    ASSERT_TRUE(*one.step());  // plans
    EXPECT_FALSE(*two.step()) << "the other has the lease";
    clock_.advance(std::chrono::seconds(31));
    ASSERT_TRUE(*two.step());  // takes over and finishes a plan of the first
    const auto late = one.step();
    EXPECT_TRUE(!late || !*late);
    for (int i = 0; i < 100; ++i) {
        clock_.advance(std::chrono::seconds(i % 3 == 0 ? 31 : 1));
        (void)(i % 2 == 0 ? one : two).step();
    }
    expect_published_once(store, 70);
}

TEST_F(FollowerTest, FailuresAreTriedAgainOnItsOwnThread) {
    support::TemporaryFolder folder;
    auto store = open_sqlite(folder.path() + "/meta.sqlite");
    ASSERT_TRUE(store);
    configure_log(static_cast<LogLevel>(9), false);
    outside_.failing_puts = 5;
    Fuse fuse;
    SevensView view(outside_, fuse);
    Follower follower({view, log_, **store, nullptr, clock_, metrics_}, options());
    follower.start();
    log_.grow(200);
    EXPECT_TRUE(follower.wait_for(196, 30'000));
    follower.stop();
    expect_published_once(**store, 200);
    EXPECT_NE(metrics_.render().find("cairn_view_failures_total{view=\"sevens\"} 5"), std::string::npos)
        << metrics_.render();
}

TEST_F(FollowerTest, APausedOneDoesNothingUntilResumed) {
    support::MemoryMetaStore store;
    Fuse fuse;
    SevensView view(outside_, fuse);
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    follower.pause();
    follower.start();
    log_.grow(70);
    EXPECT_FALSE(follower.wait_for(1, 50));
    EXPECT_TRUE(outside_.puts.empty());
    follower.resume();
    EXPECT_TRUE(follower.wait_for(70, 30'000));
    follower.stop();
    expect_published_once(store, 70);
}

TEST_F(FollowerTest, LagIsEventsAndSeconds) {
    support::MemoryMetaStore store;
    Fuse fuse;
    SevensView view(outside_, fuse);
    std::string before;
    {
        Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
        log_.grow(40);
        ASSERT_TRUE(*follower.step());  // plans five, nothing is published
        clock_.advance(std::chrono::milliseconds(2500));
        before = metrics_.render();
        EXPECT_NE(before.find("cairn_view_lag_events{view=\"sevens\"} 40"), std::string::npos) << before;
        EXPECT_NE(before.find("cairn_view_lag_seconds{view=\"sevens\"} 2.5"), std::string::npos) << before;
        log_.grow(2);
        while (*follower.step()) {
        }
        const auto after = metrics_.render();
        EXPECT_NE(after.find("cairn_view_lag_events{view=\"sevens\"} 0"), std::string::npos) << after;
        EXPECT_NE(after.find("cairn_view_lag_seconds{view=\"sevens\"} 0"), std::string::npos) << after;
    }
    (void)metrics_.render();  // the follower is gone
}

TEST_F(FollowerTest, DamagedAndNewerProgressIsRefused) {
    support::MemoryMetaStore store;
    Fuse fuse;
    SevensView view(outside_, fuse);
    const auto set = [&](std::string value) {
        ASSERT_TRUE(store.transact(
            [&](Transaction& transaction) { return transaction.put("follow", "sevens/position", value); }));
    };
    log_.grow(70);
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    set("\x02x");
    EXPECT_EQ(follower.step().error().code, Code::corrupt);
    set("\x03");
    EXPECT_EQ(follower.step().error().code, Code::invalid);
}

/// Reads everything at once, keeps the numbers that no plan has in mind, and plans one lane a residue.
class LanesView final : public View {
public:
    std::string name() const override { return "lanes"; }
    void restart(std::uint64_t position) override { restarts.push_back(position); }

    Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) override {
        Planned planned;
        planned.read_to = blocks.empty() ? from : blocks.back().first_number + blocks.back().event_count;
        planned.position = 0;
        if (planned.read_to < 40) return planned;  // read, but held back
        planned.position = planned.read_to;
        for (std::uint64_t number = from < 40 ? 0 : from; number < planned.read_to; ++number)
            planned.plans.push_back(
                {0, number, number + 1, fmt::format("lane {}", number % 4), fmt::format("{}", number)});
        return planned;
    }

    Result<void> store(Transaction& transaction, Planned& planned) override {
        planned.plans.push_back({0, 0, 0, "extra", "extra"});
        return transaction.put("rows", "stored", fmt::format("{}", planned.position));
    }

    Result<void> put(const Plan& plan) override {
        if (plan.lane == broken_lane) return fail(Code::unavailable, "away");
        return {};
    }

    Result<void> publish(Transaction& transaction, const Plan& plan, std::vector<Plan>& more) override {
        if (plan.lane == "lane 1") more.push_back({0, 0, 0, "notices", "notice of " + plan.body});
        return transaction.put("published", plan.lane + "/" + plan.body, "");
    }

    Result<bool> failed(Transaction& transaction, const Plan& plan, const Error& error) override {
        if (auto noted = transaction.put("rows", "failed", error.message); !noted) return fail(noted.error());
        return gives_up && plan.body == "2";
    }

    std::string broken_lane;
    bool gives_up = false;
    std::vector<std::uint64_t> restarts;
};

std::size_t count_of(MetaStore& store, std::string_view space, std::string_view prefix) {
    std::size_t count = 0;
    EXPECT_TRUE(store.view([&](Transaction& transaction) -> Result<void> {
        const auto pairs = transaction.scan(space, prefix, "", 10000);
        if (!pairs) return fail(pairs.error());
        count = pairs->size();
        return {};
    }));
    return count;
}

TEST_F(FollowerTest, ALaneThatFailsDelaysNoOther) {
    configure_log(static_cast<LogLevel>(9), false);
    support::MemoryMetaStore store;
    LanesView view;
    view.broken_lane = "lane 2";
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    log_.grow(40);
    for (int i = 0; i < 200; ++i) (void)follower.step();
    EXPECT_EQ(count_of(store, "published", "lane 0/"), 10u);
    EXPECT_EQ(count_of(store, "published", "lane 1/"), 10u);
    EXPECT_EQ(count_of(store, "published", "lane 2/"), 0u);
    EXPECT_EQ(count_of(store, "published", "lane 3/"), 10u);
    EXPECT_EQ(count_of(store, "published", "extra/"), 1u) << "store() adds plans";
    EXPECT_EQ(count_of(store, "published", "notices/"), 10u) << "publish() adds plans";
    EXPECT_EQ(count_of(store, "rows", "failed"), 1u);
    EXPECT_EQ(follower.position(), 2u) << "event 2 is in a plan, and still needed";
    EXPECT_EQ(*published_position(store, "lanes"), 2u);

    log_.grow(10);  // later events are read and planned meanwhile
    for (int i = 0; i < 200; ++i) (void)follower.step();
    EXPECT_EQ(count_of(store, "published", "lane 0/"), 13u);

    view.broken_lane.clear();
    clock_.advance(std::chrono::seconds(1));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(follower.step());
    EXPECT_EQ(count_of(store, "published", "lane 2/"), 12u);
    EXPECT_EQ(follower.position(), 50u);
}

TEST_F(FollowerTest, WhatIsMendedNeedNotWaitForItsPause) {
    configure_log(static_cast<LogLevel>(9), false);
    support::MemoryMetaStore store;
    LanesView view;
    view.broken_lane = "lane 2";
    auto patient = options();
    patient.retry_least_ms = patient.retry_most_ms = 3'600'000;
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, patient);
    log_.grow(40);
    for (int i = 0; i < 200; ++i) (void)follower.step();
    ASSERT_EQ(count_of(store, "published", "lane 2/"), 0u);
    view.broken_lane.clear();
    for (int i = 0; i < 200; ++i) (void)follower.step();
    ASSERT_EQ(count_of(store, "published", "lane 2/"), 0u) << "nobody said that it is mended";
    follower.retry_now();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(follower.step());
    EXPECT_EQ(count_of(store, "published", "lane 2/"), 10u);
    configure_log(LogLevel::info, false);
}

TEST_F(FollowerTest, APlanMayBeGivenUp) {
    configure_log(static_cast<LogLevel>(9), false);
    support::MemoryMetaStore store;
    LanesView view;
    view.broken_lane = "lane 2";
    view.gives_up = true;
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    log_.grow(40);
    for (int i = 0; i < 200; ++i) (void)follower.step();
    EXPECT_EQ(follower.position(), 6u) << "2 is given up, 6 is tried";
    EXPECT_NE(metrics_.render().find("cairn_view_given_up_total{view=\"lanes\"} 1"), std::string::npos);
}

TEST_F(FollowerTest, WhatIsHeldBackIsReadAgain) {
    support::MemoryMetaStore store;
    LanesView view;
    {
        Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
        log_.grow(30);
        while (*follower.step()) {
        }
        EXPECT_EQ(follower.position(), 0u);
    }
    Metrics metrics;
    Follower follower({view, log_, store, nullptr, clock_, metrics}, options());
    log_.grow(10);
    while (*follower.step()) {
    }
    EXPECT_EQ(follower.position(), 40u);
    EXPECT_EQ(view.restarts, (std::vector<std::uint64_t>{0, 0}));
    EXPECT_EQ(count_of(store, "published", "lane"), 40u);
}

/// Reads all and plans nothing.
class IdleView final : public View {
public:
    std::string name() const override { return "idle"; }
    Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) override {
        const auto end = blocks.empty() ? from : blocks.back().first_number + blocks.back().event_count;
        return Planned{.read_to = end, .position = end, .plans = {}};
    }
    Result<void> store(Transaction&, Planned&) override { return {}; }
    Result<void> put(const Plan&) override { return {}; }
    Result<void> publish(Transaction&, const Plan&, std::vector<Plan>&) override { return {}; }
    Result<bool> failed(Transaction&, const Plan&, const Error&) override { return false; }
    void restart(std::uint64_t) override {}
};

TEST_F(FollowerTest, APositionAloneIsStoredNowAndThen) {
    support::MemoryMetaStore store;
    IdleView view;
    auto options = this->options();
    options.position_pause_ms = 1000;
    options.position_events_max = 100;
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options);
    const auto stored_after = [&](std::uint64_t more) {
        log_.grow(more);
        while (*follower.step()) {
        }
        return *published_position(store, view.name());
    };
    EXPECT_EQ(stored_after(30), 30u);
    EXPECT_EQ(stored_after(20), 30u) << "not with every few events";
    EXPECT_EQ(follower.position(), 50u);
    clock_.advance(std::chrono::milliseconds(1000));
    EXPECT_EQ(stored_after(0), 50u) << "but soon";
    EXPECT_EQ(stored_after(10), 50u);
    EXPECT_EQ(stored_after(90), 150u) << "and when many were read";
}

TEST_F(FollowerTest, WhatCouldNotBeStoredIsReadAgain) {
    configure_log(static_cast<LogLevel>(9), false);
    support::MemoryMetaStore store;
    LanesView view;
    Follower follower({view, log_, store, nullptr, clock_, metrics_}, options());
    EXPECT_FALSE(*follower.step());
    log_.grow(40);
    store.fail_with(Error{Code::exhausted, "disk full"});
    EXPECT_FALSE(follower.step());
    store.fail_with(std::nullopt);
    while (*follower.step()) {
    }
    EXPECT_EQ(view.restarts, (std::vector<std::uint64_t>{0, 0}));
    EXPECT_EQ(count_of(store, "published", "lane"), 40u);
}

}  // namespace
}  // namespace cairn::follow
