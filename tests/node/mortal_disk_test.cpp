#include "node/mortal_disk.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace cairn::node {
namespace {

std::unique_ptr<Disk> some_disk() {
    auto disk = std::make_unique<support::MemoryDisk>();
    for (const char* const path : {"seen/1.run", "seen/2.run", "log/a"}) disk->set_content(path, "x");
    return disk;
}

TEST(MortalDisk, RefusesPlansItDoesNotUnderstand) {
    for (const char* const plan : {"", "1", "0:log/*", "x:log/*", "1:log/", "1:log/*:write", "1:log/*:"})
        EXPECT_FALSE(make_mortal(some_disk(), plan)) << plan;
}

TEST(MortalDiskDeathTest, DiesInTheMiddleOfTheChosenChange) {
    const auto work = [](const char* plan) {
        const auto disk = *make_mortal(some_disk(), plan);
        (void)disk->remove("log/a");
        auto file = disk->open("seen/3.filter", OpenMode::create);
        (void)(*file)->write(0, "abc");
        (void)(*file)->sync();
        (void)disk->remove("seen/1.run");
        (void)disk->rename("seen/2.run", "seen/4.run");
    };
    for (const char* const plan : {"1:log/*", "4:seen/*", "2:seen/*.filter", "1:seen/*:remove"})
        EXPECT_EXIT(work(plan), testing::KilledBySignal(SIGKILL), "") << plan;
    for (const char* const plan : {"2:log/*", "5:seen/*", "3:seen/*.filter", "2:seen/*:remove", "1:other/*"})
        work(plan);
}

}  // namespace
}  // namespace cairn::node
