#include "view/history/helpers.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::history {
namespace {

TEST(Helpers, DoEverythingOnce) {
    for (const unsigned threads : {0u, 1u, 3u}) {
        Helpers helpers(threads);
        for (const std::size_t count : {0u, 1u, 2u, 1'000u}) {
            std::vector<std::atomic<int>> done(count);
            helpers.run(count, [&](std::size_t i) { ++done[i]; });
            for (const auto& each : done) ASSERT_EQ(each, 1);
        }
    }
}

TEST(Helpers, ALateHelperStillHasItsWork) {
    Helpers helpers(3);
    for (int round = 0; round < 5'000; ++round) {
        std::vector<std::atomic<int>> done(3);
        helpers.run(3, [&](std::size_t i) { ++done[i]; });
        for (const auto& each : done) ASSERT_EQ(each, 1);
    }
}

TEST(Helpers, SeveralSearchesAtOnceDoNotWaitForEachOther) {
    Helpers helpers(2);
    std::atomic<int> done = 0;
    std::vector<std::thread> searches;
    for (int search = 0; search < 4; ++search)
        searches.emplace_back([&] {
            for (int round = 0; round < 50; ++round) helpers.run(20, [&](std::size_t) { ++done; });
        });
    for (auto& search : searches) search.join();
    EXPECT_EQ(done, 4 * 50 * 20);
}

}  // namespace
}  // namespace cairn::history
