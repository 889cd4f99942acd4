#include "journal/slot_pool.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace cairn::journal {
namespace {

using support::Call;

constexpr std::uint64_t slot_bytes = 64 * 1024;

TEST(SlotPool, AFileThatCannotBeMadeLeavesNothingBehind) {
    for (const auto call : {Call::open, Call::preallocate, Call::write, Call::sync, Call::sync_folder, Call::map}) {
        for (std::uint64_t nth = 1; nth <= 2; ++nth) {
            SCOPED_TRACE(std::string(call_name(call)) + " " + std::to_string(nth));
            support::MemoryDisk disk;
            ASSERT_TRUE(disk.make_folder("log/journal"));
            SlotPool pool(disk, "log", slot_bytes);
            disk.plan_failure(call, nth, Code::exhausted);
            const auto prepared = pool.prepare();
            EXPECT_EQ(disk.all_files().size(), prepared ? 1u : 0u);
            EXPECT_EQ(pool.bytes(), prepared ? slot_bytes : 0);
            EXPECT_EQ(pool.free_bytes(), pool.bytes());
            disk.heal();
            ASSERT_TRUE(pool.prepare());
            EXPECT_EQ(pool.free_bytes(), slot_bytes);
        }
    }
}

TEST(SlotPool, AFileThatSomebodyReadsIsNotUsedAgain) {
    support::MemoryDisk disk;
    ASSERT_TRUE(disk.make_folder("log/journal"));
    SlotPool pool(disk, "log", slot_bytes);
    auto slot = pool.take(1);
    ASSERT_TRUE(slot) << slot.error().message;
    auto reader = *slot;
    const auto path = reader->path;
    pool.give_back(std::move(*slot));
    EXPECT_EQ(pool.free_bytes(), 0u);
    EXPECT_NE((*pool.take(1))->path, path);
    reader.reset();
    EXPECT_EQ((*pool.take(1))->path, path);
}

}  // namespace
}  // namespace cairn::journal
