#include "follow/leases.h"

#include <gtest/gtest.h>

#include "follow/back_off.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::follow {
namespace {

class LeasesTest : public ::testing::Test {
protected:
    Result<void> check(const Lease& lease) {
        return store_.transact([&](Transaction& transaction) { return leases_.check(transaction, lease); });
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    StoredLeases leases_{store_, clock_};
};

TEST_F(LeasesTest, HasOneOwnerAtATime) {
    const auto lease = leases_.acquire("view", "one", 1000);
    ASSERT_TRUE(lease);
    const auto refused = leases_.acquire("view", "two", 1000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_EQ(refused.error().message, "lease view is held by one");
    EXPECT_TRUE(leases_.acquire("other", "two", 1000)) << "another lease is free";
    EXPECT_TRUE(check(*lease));
}

TEST_F(LeasesTest, ItsOwnerRenewsItWithTheSameToken) {
    const auto first = leases_.acquire("view", "one", 1000);
    clock_.advance(std::chrono::milliseconds(900));
    const auto again = leases_.acquire("view", "one", 1000);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->token, again->token);
    clock_.advance(std::chrono::milliseconds(900));
    EXPECT_FALSE(leases_.acquire("view", "two", 1000));
}

TEST_F(LeasesTest, AnExpiredOneGoesToTheNextWithALargerToken) {
    const auto old = leases_.acquire("view", "one", 1000);
    clock_.advance(std::chrono::milliseconds(1000));
    EXPECT_TRUE(check(*old)) << "nobody took it";
    const auto taken = leases_.acquire("view", "two", 1000);
    ASSERT_TRUE(taken);
    EXPECT_GT(taken->token, old->token);
    EXPECT_TRUE(check(*taken));
    const auto late = check(*old);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::conflict);
    EXPECT_TRUE(leases_.release(*old, "one")) << "without effect";
    EXPECT_TRUE(check(*taken));
    EXPECT_FALSE(leases_.acquire("view", "one", 1000));
}

TEST_F(LeasesTest, AReleasedOneIsFreeAtOnceAndTheTokenGrows) {
    const auto first = leases_.acquire("view", "one", 1000);
    ASSERT_TRUE(leases_.release(*first, "one"));
    const auto second = leases_.acquire("view", "two", 1000);
    ASSERT_TRUE(second);
    EXPECT_GT(second->token, first->token);
    ASSERT_TRUE(leases_.release(*second, "two"));
    const auto third = leases_.acquire("view", "one", 1000);
    ASSERT_TRUE(third);
    EXPECT_GT(third->token, second->token);
    EXPECT_FALSE(check(*first));
}

TEST(BackOff, DoublesUpToALimitAndIsSpread) {
    const struct {
        unsigned failures;
        std::int64_t least, most;
    } cases[] = {{1, 50, 100}, {2, 100, 200}, {3, 200, 400}, {10, 500, 1000}, {4'000'000'000, 500, 1000}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.failures);
        EXPECT_EQ(back_off_ms(row.failures, 100, 1000, 0), row.least);
        std::int64_t most = 0;
        for (std::uint64_t random = 0; random < 2000; ++random) {
            const auto wait = back_off_ms(row.failures, 100, 1000, random);
            EXPECT_GE(wait, row.least);
            most = std::max(most, wait);
        }
        EXPECT_EQ(most, row.most);
    }
    EXPECT_GE(back_off_ms(1, 0, 0, 7), 0);
}

}  // namespace
}  // namespace cairn::follow
