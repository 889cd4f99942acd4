// Files written by earlier versions stay readable, and this version writes the same bytes.
// With CAIRN_WRITE_GOLDEN set the files are written instead; only for a new format version.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "admit/content.h"
#include "admit/filter.h"
#include "admit/manifest.h"
#include "admit/run.h"
#include "support/memory_disk.h"

namespace cairn::admit {
namespace {

constexpr std::uint64_t file_id = 7;

std::string golden(const std::string& name, const std::string& now) {
    const auto path = std::string(CAIRN_SOURCE_DIR "/tests/admit/golden/") + name;
    if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << now;
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
}

std::vector<Entry> entries() {
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < 200; ++i)
        entries.push_back({i * 0x0140'0000'0000'0000 / 2 + i * 0x1000, 510 + i * 7919 % 200});
    return entries;
}

TEST(Golden, Run) {
    support::MemoryDisk disk;
    auto writer = RunWriter::create(disk, "run", file_id, 510, 765, 200);
    ASSERT_TRUE(writer);
    for (const auto& entry : entries()) ASSERT_TRUE(writer->add(entry));
    ASSERT_TRUE(writer->finish());
    const auto kept = golden("run-1.bin", disk.content("run"));
    EXPECT_TRUE(kept == disk.content("run"));

    disk.set_content("kept", kept);
    const auto run = Run::open(disk, "kept", file_id);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ((*run)->first(), 510u);
    EXPECT_EQ((*run)->end(), 765u);
    for (const auto& entry : entries()) {
        std::vector<std::uint64_t> numbers;
        EXPECT_TRUE((*run)->find(entry.hash, numbers));
        EXPECT_EQ(numbers, std::vector<std::uint64_t>{entry.number});
    }
}

TEST(Golden, Filter) {
    support::MemoryDisk disk;
    auto writer = FilterWriter::create(disk, "filter", file_id, 200);
    ASSERT_TRUE(writer);
    for (const auto& entry : entries()) writer->add(entry.hash);
    ASSERT_TRUE(writer->finish());
    const auto kept = golden("filter-1.bin", disk.content("filter"));
    EXPECT_TRUE(kept == disk.content("filter"));

    disk.set_content("kept", kept);
    const auto filter = Filter::open(disk, "kept", file_id);
    ASSERT_TRUE(filter) << filter.error().message;
    for (const auto& entry : entries()) EXPECT_TRUE((*filter)->may_hold(entry.hash));
    EXPECT_FALSE((*filter)->may_hold(0x7777777777777777));
}

TEST(Golden, Content) {
    support::MemoryDisk disk;
    std::vector<Hash128> hashes;
    for (std::uint64_t i = 1; i <= 255; ++i) hashes.push_back({i * 0x9e3779b97f4a7c15, ~i});
    ASSERT_TRUE(write_content(disk, "content", file_id, 510, hashes));
    const auto kept = golden("content-1.bin", disk.content("content"));
    EXPECT_TRUE(kept == disk.content("content"));

    disk.set_content("kept", kept);
    const ContentFile file(disk, "kept", file_id, 510, 765);
    for (std::uint64_t number = 510; number < 765; ++number) {
        ASSERT_FALSE(file.from(number).empty());
        EXPECT_EQ(file.from(number).front(), hashes[number - 510]);
        EXPECT_EQ(file.from(number).size(), 765 - number);
    }
}

TEST(Golden, Manifest) {
    Manifest manifest;
    manifest.table_entries = 255;
    manifest.fan_out = 2;
    manifest.covered = 765;
    manifest.next_file_id = 9;
    manifest.segments = {{2, 0, 510, 3, {{2, 0, 510}}}, {1, 510, 1020, 0, {{7, 510, 765}}}};
    manifest.contents = {{4, 0}, {5, 255}, {8, 510}};
    const auto kept = golden("manifest-1.bin", encode_manifest(manifest));
    EXPECT_TRUE(kept == encode_manifest(manifest));
    const auto decoded = decode_manifest(kept);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->covered, 765u);
    EXPECT_EQ(decoded->segments.size(), 2u);
    EXPECT_EQ(decoded->contents.size(), 3u);
}

}  // namespace
}  // namespace cairn::admit
