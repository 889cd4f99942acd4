#include "base/periodic.h"

#include <atomic>
#include <memory>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(Periodic, CallsAgainAndAgainUntilItIsDestroyed) {
    std::atomic<int> calls = 0;
    auto periodic = std::make_unique<Periodic>(1ms, [&] {
        ++calls;
        calls.notify_all();
    });
    for (int seen = 0; seen < 3; seen = calls) calls.wait(seen);
    periodic.reset();
    const int at_end = calls;
    std::this_thread::sleep_for(10ms);
    EXPECT_EQ(calls, at_end);
}

TEST(Periodic, ALongPauseDoesNotDelayTheEnd) {
    std::atomic<int> calls = 0;
    {
        Periodic periodic(std::chrono::hours(1), [&] { ++calls; });
    }
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace cairn
