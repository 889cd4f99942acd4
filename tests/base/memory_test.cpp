#include "base/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr std::size_t mega = std::size_t{1} << 20;

TEST(ZeroedMemory, OfAnySizeIsZeroAndMayBeWrittenWhole) {
    for (const std::size_t bytes :
         {std::size_t{1}, std::size_t{4096}, mega - 1, mega, 2 * mega, 2 * mega + 1, 7 * mega}) {
        SCOPED_TRACE(bytes);
        ZeroedMemory first(bytes), second(bytes);
        EXPECT_TRUE(std::ranges::all_of(std::string_view(first.data(), bytes), [](char c) { return c == 0; }));
        std::memset(first.data(), 1, bytes);
        std::memset(second.data(), 2, bytes);
        EXPECT_EQ(first.data()[bytes - 1], 1);
        const auto from_huge_page = reinterpret_cast<std::uintptr_t>(first.data()) % (2 * mega);
        EXPECT_TRUE(bytes < mega || from_huge_page == 0) << from_huge_page;
        first = ZeroedMemory(1);
        EXPECT_EQ(second.data()[0], 2) << "the other is whole";
    }
}

TEST(LargeArray, ConstructsItsElementsAndMoves) {
    struct Slot {
        std::atomic<std::uint32_t> value{7};
    };
    for (const std::size_t count : {std::size_t{3}, mega}) {
        LargeArray<Slot> array(count);
        EXPECT_EQ(array[0].value, 7u);
        EXPECT_EQ(array[count - 1].value, 7u);
        array[1].value = 8;
        LargeArray<Slot> moved;
        EXPECT_FALSE(moved);
        moved = std::move(array);
        EXPECT_TRUE(moved);
        EXPECT_EQ(moved[1].value, 8u);
    }
}

}  // namespace
}  // namespace cairn
