#include <algorithm>

#include "follow/leases.h"
#include "view/trail/delivery_fixture.h"

namespace cairn::trail {
namespace {

/// A process with a memory, disk and belief of its own.
struct Owner {
    Owner(std::string holder, EventLog& log, MetaStore& store, Trails& trails, SigningKeys& keys,
          DeliveryStore& buckets, const Clock& clock, const DeliveryOptions& options)
        : leases(store, clock),
          delivery({log, nullptr, store, trails, keys, buckets, nullptr, nullptr, disk, clock, metrics}, options),
          follower({delivery, log, store, &leases, clock, metrics}, of(std::move(holder))) {}

    static follow::FollowerOptions of(std::string holder) {
        follow::FollowerOptions options;
        options.retry_least_ms = options.retry_most_ms = 1000;
        options.holder = std::move(holder);
        return options;
    }

    support::MemoryDisk disk;
    Metrics metrics;
    follow::StoredLeases leases;
    Delivery delivery;
    follow::Follower follower;
};

class DeliverySimulation : public DeliveryTest {
protected:
    void SetUp() override {
        DeliveryTest::SetUp();
        stop();
        options_.delivery_interval = std::chrono::minutes(1);
        options_.digest_interval = std::chrono::minutes(10);
    }
    void TearDown() override {
        fuse_.meanwhile = nullptr;
        owners_.clear();
        DeliveryTest::TearDown();
    }

    /// A process begins, in place of the one that was there.
    void begin(std::size_t number) {
        owners_.resize(std::max(owners_.size(), number + 1));
        owners_[number].reset();
        owners_[number] = std::make_unique<Owner>(fmt::format("owner-{}", number), log_, fused_, trails_, keys_,
                                                  buckets_, clock_, options_);
    }

    void run_all() {
        for (int idle = 0, steps = 0; idle < 4 && steps < 10'000; ++steps) {
            bool done = false;
            for (const auto& owner : owners_) {
                const auto step = owner->follower.step();
                done = done || (step && *step);
            }
            idle = done ? 0 : idle + 1;
        }
    }

    /// Everything is mended, and time passes until nothing waits.
    void calm_down(Time latest) {
        fuse_.meanwhile = nullptr;
        fuse_.burns_at = 0;
        buckets_.away.clear();
        buckets_.hangs = nullptr;
        clock_.set(latest + std::chrono::hours(1));
        for (int i = 0; i < 6; ++i) {
            run_all();
            clock_.advance(options_.digest_interval);
        }
        run_all();
        buckets_.end_hanging();
    }

    void expect_everything_once() {
        const auto ids = delivered();
        EXPECT_EQ(ids.size(), log_.end());
        for (const auto& [id, count] : ids) EXPECT_EQ(count, 1) << id;
        int chains = 0;
        const auto files = digested(&chains);
        EXPECT_EQ(chains, 1);
        EXPECT_EQ(files.size(), keys("CloudTrail").size());
        for (const auto& [file, count] : files) EXPECT_EQ(count, 1) << file;
    }

    std::vector<std::unique_ptr<Owner>> owners_;
};

TEST_F(DeliverySimulation, OfTwoThatBelieveToHoldAChainTheFenceLetsOneThrough) {
    set_logging(create(trail("one", true)), true);
    begin(0);
    begin(1);
    add();
    run_all();
    clock_.advance(std::chrono::minutes(2));
    ASSERT_TRUE(*owners_[0]->follower.step()) << "it plans the file";
    int overtaken = 0;
    buckets_.hangs = [&] {  // while the first puts it, its lease ends, and the other one does it all
        if (overtaken++ > 0) return false;
        clock_.advance(std::chrono::seconds(31));
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(owners_[1]->follower.step());
        return false;
    };
    const auto late = owners_[0]->follower.step();
    EXPECT_GT(overtaken, 1);
    ASSERT_FALSE(late) << "it put the file and may not publish it";
    EXPECT_EQ(late.error().code, Code::conflict);
    EXPECT_EQ(buckets_.objects.at(keys("CloudTrail").at(0)).puts, 2) << "the same, twice";
    calm_down(clock_.now());
    expect_everything_once();
}

TEST_F(DeliverySimulation, APutThatEndsLongAfterItWasGivenUpDoublesNothing) {
    set_logging(create(trail("one", true)), true);
    begin(0);
    add();
    buckets_.hangs = [] { return true; };
    for (int i = 0; i < 3; ++i) {
        run_all();
        clock_.advance(std::chrono::minutes(2));
    }
    EXPECT_TRUE(buckets_.objects.empty());
    EXPECT_GT(buckets_.hanging.size(), 2u);
    begin(0);  // the next process knows nothing of those
    calm_down(clock_.now());
    expect_everything_once();
}

// Two owners take turns, also in the midst of what the other one does; processes die; the clock jumps by hours, both
// ways, wherever it is asked; the bucket is away, or hangs and writes later.
class DeliveryStorm : public DeliverySimulation, public ::testing::WithParamInterface<unsigned> {
protected:
    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    void jump() {
        const auto hours = std::chrono::hours(static_cast<int>(below(11)) - 5);
        clock_.set(std::max(earliest_, clock_.now() + hours + std::chrono::seconds(below(60))));
        latest_ = std::max(latest_, clock_.now());
    }

    void meanwhile() {
        if (inside_) return;
        inside_ = true;
        if (below(40) == 0) jump();
        if (below(10) == 0) {
            clock_.advance(std::chrono::seconds(31));
            (void)owners_[1 - acting_]->follower.step();
        }
        inside_ = false;
    }

    void turn() {
        acting_ = below(2);
        if (below(3) == 0) add();
        if (below(20) == 0) buckets_.away = below(2) == 0 ? std::set<std::string>{"bucket"} : std::set<std::string>{};
        if (below(10) == 0) buckets_.end_hanging();
        fuse_.passed = 0;
        fuse_.burns_at = below(15) == 0 ? 1 + below(8) : 0;
        try {
            (void)owners_[acting_]->follower.step();
        } catch (const Crash&) {
            ++crashes_;
            fuse_.burns_at = 0;
            inside_ = true;
            begin(0);
            begin(1);
            inside_ = false;
        }
        clock_.advance(std::chrono::seconds(below(30)));
        latest_ = std::max(latest_, clock_.now());
    }

    std::mt19937_64 random_{GetParam()};
    Time earliest_{}, latest_{};
    unsigned acting_ = 0;
    bool inside_ = false;
    int crashes_ = 0;
};

TEST_P(DeliveryStorm, EveryEventIsInOneFileEveryFileInOneDigest) {
    SCOPED_TRACE(fmt::format("seed {}", GetParam()));
    set_logging(create(trail("one", true)), true);
    begin(0);
    begin(1);
    run_all();
    clock_.advance(std::chrono::hours(12));
    earliest_ = latest_ = clock_.now();
    fuse_.meanwhile = [this] { meanwhile(); };
    buckets_.hangs = [this] { return below(15) == 0; };
    for (int i = 0; i < 1500; ++i) turn();
    EXPECT_GT(crashes_, 0);
    calm_down(latest_);
    expect_everything_once();
    EXPECT_EQ(std::max(owners_[0]->follower.position(), owners_[1]->follower.position()), log_.end());
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeliveryStorm, ::testing::Range(1u, 9u));

}  // namespace
}  // namespace cairn::trail
