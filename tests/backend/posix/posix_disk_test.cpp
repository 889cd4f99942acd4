#include "backend/posix/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/temporary_folder.h"

namespace cairn {
namespace {

TEST(PosixDisk, ErrorsNameCallPathAndReason) {
    const support::TemporaryFolder folder;
    const auto disk = open_posix_disk(folder.path()).value();
    const auto file = disk->open("absent", OpenMode::read);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::not_found);
    EXPECT_EQ(file.error().message, "open " + folder.path() + "/absent: No such file or directory");
}

TEST(PosixDisk, ARootThatIsAFileIsRefused) {
    const support::TemporaryFolder folder;
    const auto disk = open_posix_disk(folder.path()).value();
    ASSERT_TRUE(disk->open("file", OpenMode::create_new));
    EXPECT_FALSE(open_posix_disk(folder.path() + "/file"));
    EXPECT_FALSE(open_posix_disk(folder.path() + "/file/below"));
}

TEST(PosixDisk, AFolderIsNoFile) {
    const support::TemporaryFolder folder;
    const auto disk = open_posix_disk(folder.path()).value();
    ASSERT_TRUE(disk->make_folder("folder"));
    const auto message = folder.path() + "/folder is a folder, where a file should be";
    const auto mapping = disk->map("folder");
    ASSERT_FALSE(mapping);
    EXPECT_EQ(mapping.error().code, Code::corrupt);
    EXPECT_EQ(mapping.error().message, message);
    for (const auto mode : {OpenMode::read, OpenMode::write, OpenMode::create}) {
        const auto file = disk->open("folder", mode);
        ASSERT_FALSE(file);
        EXPECT_EQ(file.error().message, message);
    }
}

TEST(PosixDisk, AFullDeviceIsExhausted) {
    const auto disk = open_posix_disk("/dev");
    ASSERT_TRUE(disk);
    const auto full = (*disk)->open("full", OpenMode::write);
    if (!full) GTEST_SKIP() << "no /dev/full here";
    const auto result = (*full)->write(0, "x");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::exhausted);
}

TEST(FolderLock, TheSecondHolderLearnsWhoTheFirstIs) {
    const support::TemporaryFolder folder;
    auto first = lock_data_folder(folder.path());
    ASSERT_TRUE(first);
    const auto second = lock_data_folder(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
    const auto expected =
        "data directory " + folder.path() + " is in use by process " + std::to_string(::getpid()) + " (cairn on ";
    EXPECT_TRUE(second.error().message.starts_with(expected)) << second.error().message;
    first->reset();
    EXPECT_TRUE(lock_data_folder(folder.path()));
}

TEST(FolderLock, ReadersTakeItWithoutWriting) {
    const support::TemporaryFolder folder;
    EXPECT_TRUE(lock_read_only_folder(folder.path()));
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/LOCK"));
    auto holder = lock_data_folder(folder.path());
    const auto refused = lock_read_only_folder(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    holder->reset();
    std::filesystem::permissions(folder.path() + "/LOCK", std::filesystem::perms::owner_read);
    const auto reader = lock_read_only_folder(folder.path());
    ASSERT_TRUE(reader);
    EXPECT_FALSE(lock_read_only_folder(folder.path()));
}

TEST(FolderLock, EndsWithItsProcess) {
    const support::TemporaryFolder folder;
    const auto child = ::fork();
    if (child == 0) {
        const auto lock = lock_data_folder(folder.path());
        ::_exit(lock ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_TRUE(lock_data_folder(folder.path()));
}

}  // namespace
}  // namespace cairn
