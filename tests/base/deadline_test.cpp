#include "base/deadline.h"

#include <thread>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using std::chrono::milliseconds;

TEST(Deadline, IsThatOfTheThreadAndTheEarliestCounts) {
    const milliseconds hour(3'600'000);
    EXPECT_EQ(Deadline::left(hour), hour);
    {
        const Deadline outer(milliseconds(60'000));
        EXPECT_LE(Deadline::left(hour), milliseconds(60'000));
        EXPECT_EQ(Deadline::left(milliseconds(10)), milliseconds(10));
        std::thread([&] { EXPECT_EQ(Deadline::left(hour), hour) << "another thread has none"; }).join();
        {
            const Deadline later(hour);
            EXPECT_LE(Deadline::left(hour), milliseconds(60'000));
            const Deadline over(milliseconds(-1));
            EXPECT_EQ(Deadline::left(hour), milliseconds(0));
        }
        EXPECT_GT(Deadline::left(hour), milliseconds(0));
    }
    EXPECT_EQ(Deadline::left(hour), hour);
}

}  // namespace
}  // namespace cairn
