#include "follow/lanes.h"

#include <gtest/gtest.h>

namespace cairn::follow {
namespace {

PlanHead plan(std::uint64_t id, std::string lane) { return {id, 0, 0, std::move(lane)}; }

TEST(Lanes, AKindThatIsStuckLeavesWorkersForTheOthers) {
    Lanes lanes(1000, 1000, 2, 0);
    lanes.add({plan(1, "logs/a"), plan(2, "logs/b"), plan(3, "logs/c"), plan(4, "file/a"), plan(5, "file/b"),
               plan(6, "alone")});
    std::vector<Lanes::Claim> claims;
    while (auto claim = lanes.claim(Time{})) claims.push_back(*claim);
    std::vector<std::string> claimed;
    for (const auto& claim : claims) claimed.push_back(claim.plan.lane);
    EXPECT_EQ(claimed, (std::vector<std::string>{"alone", "file/a", "file/b", "logs/a", "logs/b"}));
    lanes.failed(claims[3], Time{});
    ASSERT_EQ(lanes.claim(Time{})->plan.lane, "logs/c") << "one of the three pauses, another has its turn";
    lanes.done(claims[4], {plan(7, "logs/d")});
    EXPECT_EQ(lanes.claim(Time{})->plan.lane, "logs/d");
    EXPECT_FALSE(lanes.claim(Time{}));
}

TEST(Lanes, ClaimsOfBeforeAResetFreeNothing) {
    Lanes lanes(1000, 1000, 1, 0);
    lanes.add({plan(1, "logs/a"), plan(2, "logs/b")});
    const auto old = lanes.claim(Time{});
    lanes.reset({plan(1, "logs/a"), plan(2, "logs/b")});
    ASSERT_TRUE(lanes.claim(Time{}));
    lanes.done(*old, {});
    EXPECT_FALSE(lanes.claim(Time{})) << "one of the kind is busy still";
}

}  // namespace
}  // namespace cairn::follow
