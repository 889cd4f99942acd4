#include "view/trail/batch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sign/digest.h"
#include "support/gunzip.h"
#include "support/memory_disk.h"

namespace cairn::trail {
namespace {

using support::gunzip;

Time at(int second) { return Time(std::chrono::seconds(1'800'000'000 + second)); }

TEST(Batch, IsOneObjectOfTheRawRecords) {
    support::MemoryDisk disk;
    Batch batch(disk, "spool/1");
    ASSERT_TRUE(batch.add(R"({"a": 1})", 17, at(5)));
    ASSERT_TRUE(batch.add(R"({ "b":2 })", 20, at(3)));
    const auto finished = batch.finish();
    ASSERT_TRUE(finished);
    const std::string expected = R"({"Records":[{"a": 1},{ "b":2 }]})";
    EXPECT_EQ(gunzip(finished->content), expected);
    EXPECT_FALSE(finished->spool) << "small ones stay in memory";
    const auto& facts = finished->facts;
    EXPECT_EQ(facts.from, 17u);
    EXPECT_EQ(facts.to, 21u);
    EXPECT_EQ(facts.events, 2u);
    EXPECT_EQ(facts.bytes, expected.size());
    EXPECT_EQ(facts.hash, sign::sha256_hex(expected));
    EXPECT_EQ(facts.oldest, at(3));
    EXPECT_EQ(facts.newest, at(5));
}

TEST(Batch, LargeOnesWaitInTheirSpoolFile) {
    support::MemoryDisk disk;
    ASSERT_TRUE(disk.make_folder("spool"));
    ASSERT_TRUE(replace_file(disk, "spool/1", "what an earlier process left"));
    Batch batch(disk, "spool/1");
    std::string expected = "{\"Records\":[";
    std::uint64_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        const auto record = fmt::format(R"({{"id":"{:016x}"}})", state);
        ASSERT_TRUE(batch.add(record, static_cast<std::uint64_t>(i), at(i)));
        expected += (i ? "," : "") + record;
    }
    expected += "]}";
    const auto finished = batch.finish();
    ASSERT_TRUE(finished);
    ASSERT_TRUE(finished->spool);
    EXPECT_TRUE(finished->content.empty());
    const auto stored = read_file(disk, *finished->spool);
    ASSERT_TRUE(stored);
    EXPECT_EQ(gunzip(*stored), expected);
    EXPECT_EQ(finished->facts.hash, sign::sha256_hex(expected));
}

TEST(Batch, HoldsNoMoreTextThanAPiece) {
    const struct {
        std::size_t piece_bytes;
        bool spooled;  // what was compressed has left memory
    } cases[] = {{Batch::piece_bytes_min, true}, {Batch::piece_bytes_max, false}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.piece_bytes);
        support::MemoryDisk disk;
        ASSERT_TRUE(disk.make_folder("spool"));
        Batch batch(disk, "spool/1");
        std::uint64_t state = 1;
        for (std::uint64_t i = 0; batch.bytes() < Batch::piece_bytes_max - 100; ++i) {
            state = state * 6364136223846793005ull + 1442695040888963407ull;
            ASSERT_TRUE(batch.add(fmt::format(R"({{"id":"{:016x}"}})", state), i, at(1), row.piece_bytes));
        }
        EXPECT_EQ(disk.exists("spool/1").value(), row.spooled);
    }
}

}  // namespace
}  // namespace cairn::trail
