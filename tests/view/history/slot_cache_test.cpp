#include "view/history/slot_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace cairn::history {
namespace {

using Cache = SlotCache<std::string>;

Cache::Pointer text(const std::string& value) { return std::make_shared<const std::string>(value); }

TEST(SlotCache, GivesWhatWasPut) {
    Cache cache(8, 1'000);
    EXPECT_EQ(cache.find(0), nullptr);
    cache.put(0, text("zero"), 10);
    cache.put(7, text("seven"), 10);
    ASSERT_NE(cache.find(7), nullptr);
    EXPECT_EQ(*cache.find(7), "seven");
    cache.put(7, text("seven again"), 10);
    EXPECT_EQ(*cache.find(7), "seven again");
    EXPECT_EQ(cache.find(1), nullptr);
}

TEST(SlotCache, NeverAnswersWithAnotherNumber) {
    Cache cache(2, 1'000'000);
    for (std::uint64_t number = 0; number < 1'000; ++number) {
        cache.put(number, text(std::to_string(number)), 10);
        for (std::uint64_t other = 0; other <= number; ++other) {
            const auto found = cache.find(other);
            EXPECT_TRUE(!found || *found == std::to_string(other));
        }
        EXPECT_NE(cache.find(number), nullptr);
    }
}

TEST(SlotCache, HoldsNoMoreThanItsBytes) {
    Cache cache(64, 100);
    std::size_t held = 0;
    for (std::uint64_t number = 0; number < 1'000; ++number) {
        cache.put(number, text("x"), 30);
        EXPECT_NE(cache.find(number), nullptr) << "what came last stays";
        held = 0;
        for (std::uint64_t other = 0; other <= number; ++other) held += cache.find(other) ? 30 : 0;
        ASSERT_LE(held, 100u);
    }
    EXPECT_EQ(held, 90u);
    cache.put(5'000, text("too large"), 101);
    EXPECT_EQ(cache.find(5'000), nullptr);
}

TEST(SlotCache, AValueOutlivesItsSlot) {
    Cache cache(2, 1'000);
    cache.put(1, text("one"), 10);
    const auto one = cache.find(1);
    for (std::uint64_t number = 2; number < 100; ++number) cache.put(number, text("other"), 10);
    EXPECT_EQ(*one, "one");
}

}  // namespace
}  // namespace cairn::history
