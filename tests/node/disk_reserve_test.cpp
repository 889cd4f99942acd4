#include "node/disk_reserve.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace cairn::node {
namespace {

TEST(DiskReserve, IsSpentWhenTheDeviceIsFullAndFilledAgain) {
    support::MemoryDisk disk;
    DiskReserve reserve(disk, "reserve", 1000);
    reserve.fill();
    ASSERT_TRUE(replace_file(disk, "big", std::string(5000, 'x')));
    disk.set_capacity(6000);
    const auto note_and_free = [&]() -> Result<void> {
        CAIRN_TRY(replace_file(disk, "note", std::string(500, 'n')));
        return disk.remove("big");
    };
    EXPECT_EQ(note_and_free().error().code, Code::exhausted);
    EXPECT_TRUE(reserve.spend(note_and_free));
    EXPECT_FALSE(disk.exists("big").value());
    EXPECT_TRUE(disk.exists("reserve").value());
}

TEST(DiskReserve, WithoutOneTheErrorStands) {
    support::MemoryDisk disk;
    DiskReserve reserve(disk, "reserve", 1000);
    int calls = 0;
    const auto full = [&] {
        ++calls;
        return Result<void>(fail(Code::exhausted, "full"));
    };
    EXPECT_EQ(reserve.spend(full).error().code, Code::exhausted);
    EXPECT_EQ(calls, 1);
    const auto broken = [&] {
        ++calls;
        return Result<void>(fail(Code::unavailable, "broken"));
    };
    reserve.fill();
    EXPECT_EQ(reserve.spend(broken).error().code, Code::unavailable);
    EXPECT_EQ(calls, 2);
    EXPECT_TRUE(disk.exists("reserve").value());
}

TEST(DiskReserve, OneThatDoesNotFitLeavesNoFile) {
    support::MemoryDisk disk;
    disk.set_capacity(100);
    DiskReserve reserve(disk, "reserve", 1000);
    reserve.fill();
    EXPECT_FALSE(disk.exists("reserve").value());
    disk.set_capacity(10'000);
    reserve.fill();
    EXPECT_TRUE(disk.exists("reserve").value());
}

}  // namespace
}  // namespace cairn::node
