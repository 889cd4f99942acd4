#include "support/memory_disk.h"

#include <gtest/gtest.h>

// How the disk of the tests forgets and fails.

namespace cairn::support {
namespace {

void write(Disk& disk, const std::string& path, std::string_view bytes, bool synced) {
    const auto file = disk.open(path, OpenMode::create).value();
    ASSERT_TRUE(file->write(0, bytes));
    if (synced) {
        ASSERT_TRUE(file->sync());
    }
}

TEST(MemoryDisk, ACrashForgetsWhatWasNotSynced) {
    MemoryDisk disk;
    write(disk, "both", "kept", true);
    ASSERT_TRUE(disk.sync_folder(""));
    write(disk, "both", "lost", false);
    write(disk, "no-name", "synced, but its folder is not", true);
    ASSERT_TRUE(disk.rename("both", "moved"));
    disk.crash();
    EXPECT_EQ(disk.all_files(), std::vector<std::string>{"both"});
    EXPECT_EQ(disk.content("both"), "kept");
}

TEST(MemoryDisk, ReplaceFileSurvivesACrash) {
    MemoryDisk disk;
    ASSERT_TRUE(replace_file(disk, "a", "one"));
    ASSERT_TRUE(replace_file(disk, "a", "two"));
    disk.crash();
    EXPECT_EQ(disk.content("a"), "two");
    EXPECT_EQ(disk.all_files(), std::vector<std::string>{"a"});
}

TEST(MemoryDisk, AReplacementIsTheOldOrTheNewFileWhereverItStops) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE(seed);
        MemoryDisk disk;
        ASSERT_TRUE(replace_file(disk, "a", "one"));
        disk.stop_at(1 + seed % 7);
        (void)replace_file(disk, "a", "two");
        disk.crash(seed);
        EXPECT_TRUE(disk.content("a") == "one" || disk.content("a") == "two") << disk.content("a");
    }
}

TEST(MemoryDisk, AFailedSyncNeverMakesItsWritesDurable) {
    MemoryDisk disk;
    const auto file = disk.open("a", OpenMode::create).value();
    ASSERT_TRUE(disk.sync_folder(""));
    ASSERT_TRUE(file->write(0, "gone"));
    disk.plan_failure(Call::sync, 1, Code::unavailable);
    EXPECT_FALSE(file->sync());
    EXPECT_EQ(disk.content("a"), "gone");
    EXPECT_TRUE(file->sync());
    disk.crash();
    EXPECT_EQ(disk.content("a"), "");
}

TEST(MemoryDisk, OpenFilesDieInACrash) {
    MemoryDisk disk;
    const auto file = disk.open("a", OpenMode::create).value();
    disk.crash();
    EXPECT_FALSE(file->write(0, "x"));
}

TEST(MemoryDisk, AFullDiskRefusesGrowthOnly) {
    MemoryDisk disk;
    disk.set_capacity(10);
    const auto file = disk.open("a", OpenMode::create).value();
    ASSERT_TRUE(file->preallocate(10));
    EXPECT_TRUE(file->write(4, "123456"));
    EXPECT_EQ(file->write(8, "123").error().code, Code::exhausted);
    EXPECT_EQ(disk.free_bytes().value(), 0u);
}

TEST(MemoryDisk, AReadOnlyDiskDeniesChanges) {
    MemoryDisk disk;
    write(disk, "a", "x", true);
    const auto file = disk.open("a", OpenMode::write).value();
    disk.set_read_only(true);
    EXPECT_EQ(file->write(0, "y").error().code, Code::denied);
    EXPECT_EQ(disk.remove("a").error().code, Code::denied);
    EXPECT_EQ(disk.content("a"), "x");
}

}  // namespace
}  // namespace cairn::support
