#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backend/posix/posix_disk.h"
#include "seam/disk.h"
#include "support/memory_disk.h"
#include "support/temporary_folder.h"

// What every implementation of seam/disk.h promises.

namespace cairn {
namespace {

class DiskContract : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (GetParam() == std::string("memory")) {
            disk_ = std::make_unique<support::MemoryDisk>();
        } else {
            auto opened = open_posix_disk(folder_.path() + "/root");
            ASSERT_TRUE(opened) << opened.error().message;
            disk_ = std::move(*opened);
        }
    }

    std::unique_ptr<File> open(const std::string& path, OpenMode mode = OpenMode::create) {
        auto file = disk_->open(path, mode);
        EXPECT_TRUE(file) << file.error().message;
        return std::move(*file);
    }
    void write(const std::string& path, std::string_view bytes) { ASSERT_TRUE(open(path)->write(0, bytes)); }
    std::string read(const std::string& path) { return read_file(*disk_, path).value_or("(unreadable)"); }

    support::TemporaryFolder folder_;
    std::unique_ptr<Disk> disk_;
};

TEST_P(DiskContract, WhatIsWrittenIsRead) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, "hello"));
    ASSERT_TRUE(file->write(3, "p me"));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(file->size().value(), 7u);
    char bytes[4];
    ASSERT_TRUE(file->read(3, bytes, 4));
    EXPECT_EQ(std::string(bytes, 4), "p me");
    EXPECT_EQ(read("a"), "help me");
}

TEST_P(DiskContract, WritingBeyondTheEndLeavesZeros) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(2, "x"));
    EXPECT_EQ(read("a"), std::string("\0\0x", 3));
}

TEST_P(DiskContract, ReadingBeyondTheEndIsCorruptAndNamesTheFile) {
    write("some-file", "abc");
    char bytes[4];
    const auto result = open("some-file", OpenMode::read)->read(0, bytes, 4);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::corrupt);
    EXPECT_NE(result.error().message.find("some-file"), std::string::npos);
}

TEST_P(DiskContract, ModesDecideAboutExistence) {
    const struct {
        OpenMode mode;
        bool exists;
        bool opens;
        Code code;
    } cases[] = {
        {OpenMode::read, false, false, Code::not_found}, {OpenMode::write, false, false, Code::not_found},
        {OpenMode::create, false, true, Code::internal}, {OpenMode::create_new, false, true, Code::internal},
        {OpenMode::read, true, true, Code::internal},    {OpenMode::write, true, true, Code::internal},
        {OpenMode::create, true, true, Code::internal},  {OpenMode::create_new, true, false, Code::conflict},
    };
    int number = 0;
    for (const auto& row : cases) {
        const auto path = "file" + std::to_string(number++);
        SCOPED_TRACE(path);
        if (row.exists) write(path, "kept");
        const auto file = disk_->open(path, row.mode);
        EXPECT_EQ(file.has_value(), row.opens);
        if (!file) {
            EXPECT_EQ(file.error().code, row.code);
        }
        if (row.exists) {
            EXPECT_EQ(read(path), "kept");
        }
    }
}

TEST_P(DiskContract, PreallocatedSpaceReadsAsZerosAndKeepsTheContent) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, "abc"));
    ASSERT_TRUE(file->preallocate(8));
    EXPECT_EQ(read("a"), std::string("abc\0\0\0\0\0", 8));
    ASSERT_TRUE(file->preallocate(4));
    EXPECT_EQ(file->size().value(), 8u);
}

TEST_P(DiskContract, TruncateCutsAndGrows) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, "abcdef"));
    ASSERT_TRUE(file->truncate(2));
    EXPECT_EQ(read("a"), "ab");
    ASSERT_TRUE(file->truncate(3));
    EXPECT_EQ(read("a"), std::string("ab\0", 3));
}

TEST_P(DiskContract, AMappingOutlivesItsFile) {
    write("a", "mapped bytes");
    const auto mapping = disk_->map("a");
    ASSERT_TRUE(mapping);
    ASSERT_TRUE(disk_->remove("a"));
    (*mapping)->will_need(0, 100);
    EXPECT_EQ((*mapping)->bytes(), "mapped bytes");
}

TEST_P(DiskContract, AMappingShowsWhatIsWrittenLaterToAPreallocatedFile) {
    const auto file = open("a");
    ASSERT_TRUE(file->preallocate(8));
    const auto mapping = disk_->map("a").value();
    ASSERT_TRUE(file->write(2, "late"));
    EXPECT_EQ(mapping->bytes(), std::string("\0\0late\0\0", 8));
}

TEST_P(DiskContract, AnEmptyFileMapsToNothing) {
    write("a", "");
    const auto mapping = disk_->map("a");
    ASSERT_TRUE(mapping);
    EXPECT_TRUE((*mapping)->bytes().empty());
}

TEST_P(DiskContract, RenameReplaces) {
    write("a", "new");
    write("b", "old");
    ASSERT_TRUE(disk_->rename("a", "b"));
    EXPECT_EQ(read("b"), "new");
    EXPECT_FALSE(disk_->exists("a").value());
    EXPECT_EQ(disk_->rename("a", "b").error().code, Code::not_found);
}

TEST_P(DiskContract, RemovingWhatIsNotThereIsNotFound) { EXPECT_EQ(disk_->remove("a").error().code, Code::not_found); }

TEST_P(DiskContract, FoldersAreMadeWithParentsAndListedSorted) {
    ASSERT_TRUE(disk_->make_folder("x/y"));
    ASSERT_TRUE(disk_->make_folder("x/y"));
    write("x/b", "1");
    write("x/a", "2");
    ASSERT_TRUE(disk_->sync_folder("x"));
    EXPECT_EQ(disk_->list("x").value(), (std::vector<std::string>{"a", "b", "y"}));
    EXPECT_EQ(disk_->list("").value(), (std::vector<std::string>{"x"}));
    EXPECT_TRUE(disk_->list("absent").value().empty());
    EXPECT_EQ(disk_->list("x/a").error().code, Code::not_found) << "a file";
    EXPECT_TRUE(disk_->exists("x/y").value());
}

TEST_P(DiskContract, AFileInAnAbsentFolderIsNotFound) {
    EXPECT_EQ(disk_->open("no/file", OpenMode::create).error().code, Code::not_found);
}

TEST_P(DiskContract, ReplaceFileReplaces) {
    ASSERT_TRUE(disk_->make_folder("f"));
    ASSERT_TRUE(replace_file(*disk_, "f/a", "a longer first text"));
    ASSERT_TRUE(replace_file(*disk_, "f/a", "second"));
    EXPECT_EQ(read("f/a"), "second");
    EXPECT_EQ(disk_->list("f").value(), (std::vector<std::string>{"a"}));
}

TEST_P(DiskContract, KnowsFreeSpace) { EXPECT_GT(disk_->free_bytes().value(), 0u); }

INSTANTIATE_TEST_SUITE_P(All, DiskContract, testing::Values("memory", "posix"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace cairn
