#include "view/history/numbers.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace cairn::history {
namespace {

TEST(Numbers, AreSortedWhetherTheyLieCloseOrNot) {
    std::mt19937_64 random(1);
    for (const std::uint64_t spread : {100u, 5'000u, 100'000'000u}) {
        std::set<std::uint64_t> drawn;
        while (drawn.size() < 90) drawn.insert(7'000'000'000 + random() % spread);
        std::vector<std::uint64_t> numbers(drawn.begin(), drawn.end());
        std::ranges::shuffle(numbers, random);
        sort_numbers(numbers);
        EXPECT_TRUE(std::ranges::equal(numbers, drawn)) << spread;
    }
    std::vector<std::uint64_t> none;
    sort_numbers(none);
    EXPECT_TRUE(none.empty());
}

TEST(Numbers, ASetIsWhatTheStandardLibraryHas) {
    std::mt19937_64 random(2);
    NumberSet set;
    std::set<std::uint64_t> known;
    for (int round = 0; round < 20'000; ++round) {
        const auto number = random() % 2 ? random() % 5'000 : random() % 1'000'000;
        switch (random() % 4) {
            case 0: {
                auto from = number;
                const auto found = known.lower_bound(number);
                ASSERT_EQ(set.next(from), found != known.end());
                if (found != known.end()) {
                    ASSERT_EQ(from, *found);
                }
                break;
            }
            case 1: ASSERT_EQ(set.remove(number), known.erase(number) == 1); break;
            default: set.add(number); known.insert(number);
        }
    }
}

}  // namespace
}  // namespace cairn::history
