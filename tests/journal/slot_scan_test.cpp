#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "journal/commit_builder.h"
#include "journal/slot.h"
#include "support/log_batches.h"

namespace cairn::journal {
namespace {

using support::batch_of;

/// A journal file made of commits, each of some batches.
class SlotFile {
public:
    explicit SlotFile(std::uint64_t generation = 7, std::size_t bytes = 64 * 1024) {
        header_ = {generation, 100, 1000, {}};
        position_ = {generation, 100, 1000, {}};
        bytes_ = encode_slot_header(header_);
        bytes_.resize(bytes);
    }
    void commit(std::initializer_list<std::uint32_t> counts) {
        CommitBuilder builder([] { return BlockCodec{}; });
        builder.begin(position_, 5000);
        auto number = position_.number;
        for (const auto count : counts) {
            auto batch = batch_of(number, count, true);
            builder.add(batch);
            number += count;
        }
        builder.finish();
        commits_.push_back(offset_);
        for (const auto& entry : builder.entries()) frames_.push_back(offset_ + entry.offset);
        bytes_.replace(offset_, builder.bytes().size(), builder.bytes());
        offset_ += builder.bytes().size();
        position_ = builder.end();
    }
    SlotScan scan(const SlotLimits& limits = {}) const { return scan_bytes(bytes_, limits); }
    SlotScan scan_bytes(const std::string& bytes, const SlotLimits& limits = {}) const {
        auto scan = scan_slot(bytes, "journal/0000", header_, limits);
        EXPECT_TRUE(scan) << scan.error().message;
        return std::move(*scan);
    }

    SlotHeader header_;
    FramePosition position_;
    std::string bytes_;
    std::size_t offset_ = page_bytes;
    std::vector<std::size_t> commits_, frames_;
};

/// Three commits: two blocks, one, two.
SlotFile three_commits() {
    SlotFile file;
    file.commit({3, 4});
    file.commit({5});
    file.commit({2, 1});
    return file;
}

TEST(SlotScan, FindsAllFrames) {
    const auto file = three_commits();
    const auto scan = file.scan();
    ASSERT_EQ(scan.entries.size(), 5u);
    EXPECT_EQ(scan.entries.front().first_number, 1000u);
    EXPECT_EQ(scan.end_number, 1015u);
    EXPECT_EQ(scan.end_sequence, 105u);
    EXPECT_EQ(scan.used_bytes, file.offset_);
    EXPECT_EQ(scan.torn_bytes, 0u);
    EXPECT_EQ(scan.chain, file.position_.chain);
    EXPECT_TRUE(scan.findings.empty());
}

TEST(SlotScan, AnEmptyFileHasNoFrames) {
    const SlotFile file;
    EXPECT_EQ(file.scan().end_number, 1000u);
    EXPECT_EQ(file.scan().torn_bytes, 0u);
}

TEST(SlotScan, FramesOfAnEarlierGenerationAreStale) {
    SlotFile older(6);
    older.commit({9, 9});
    older.commit({9});
    older.commit({9});
    SlotFile file;
    file.bytes_.replace(page_bytes, std::string::npos, older.bytes_.substr(page_bytes));
    file.commit({1});
    const auto scan = file.scan();
    EXPECT_EQ(scan.end_number, 1001u);
    EXPECT_EQ(scan.torn_bytes, 0u);
    EXPECT_TRUE(scan.findings.empty());
}

TEST(SlotScan, ACutAnywhereLosesOnlyTheLastCommit) {
    const auto file = three_commits();
    for (std::size_t cut = file.commits_.back(); cut < file.offset_; ++cut) {
        SCOPED_TRACE(cut);
        auto bytes = file.bytes_;
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end(), '\0');
        const auto scan = file.scan_bytes(bytes);
        EXPECT_GE(scan.end_number, 1012u);
        EXPECT_TRUE(scan.end_number == 1012 || scan.end_number == 1014 || scan.end_number == 1015);
        EXPECT_TRUE(scan.findings.empty());
        EXPECT_GE(scan.entries.size(), 3u);
    }
}

TEST(SlotScan, AFlippedBitAnywhereBeforeTheLastCommitIsDamageAndLosesOneBlock) {
    const auto file = three_commits();
    const auto whole = file.scan();
    for (std::size_t at = page_bytes; at < file.commits_.back(); ++at) {
        SCOPED_TRACE(at);
        auto bytes = file.bytes_;
        bytes[at] ^= 0x10;
        const auto scan = file.scan_bytes(bytes);
        EXPECT_EQ(scan.end_number, 1015u);
        EXPECT_EQ(scan.torn_bytes, 0u);
        EXPECT_GE(scan.entries.size(), 4u);
        EXPECT_EQ(scan.entries.size() == 5, scan.findings.empty());
        for (const auto& finding : scan.findings) {
            // The lost block is named by its event numbers.
            const auto lost = entries_from(whole.entries, finding.first_number).front();
            EXPECT_EQ(finding.first_number, lost.first_number);
            EXPECT_EQ(finding.end_number, lost.end_number());
        }
    }
}

TEST(SlotScan, AFlippedBitInTheLastCommitIsDamageWhenItIsKnownToBeDurable) {
    const auto file = three_commits();
    SlotLimits limits;
    limits.durable_sequence = 105;
    limits.durable_number = 1015;
    for (std::size_t at = file.commits_.back(); at < file.offset_; ++at) {
        SCOPED_TRACE(at);
        auto bytes = file.bytes_;
        bytes[at] ^= 0x10;
        const auto scan = file.scan_bytes(bytes, limits);
        EXPECT_EQ(scan.end_number, 1015u);
        EXPECT_EQ(scan.torn_bytes, 0u);
        EXPECT_EQ(scan.entries.size() == 5, scan.findings.empty());
    }
}

TEST(SlotScan, AFlippedBitInTheLastCommitIsATearWhenNothingIsKnown) {
    const auto file = three_commits();
    for (std::size_t at = file.commits_.back(); at < file.frames_.back() + 100; ++at) {
        SCOPED_TRACE(at);
        auto bytes = file.bytes_;
        bytes[at] ^= 0x10;
        const auto scan = file.scan_bytes(bytes);
        EXPECT_TRUE(scan.end_number == 1012 || scan.end_number == 1014 || scan.end_number == 1015) << scan.end_number;
        EXPECT_TRUE(scan.findings.empty());
    }
}

TEST(SlotScan, ABatchIsKeptWholeOrNotAtAll) {
    SlotFile file;
    file.commit({1});
    // One batch of two blocks, the second of which is torn.
    CommitBuilder builder([] { return BlockCodec{}; });
    builder.begin(file.position_, 5000);
    Batch batch = batch_of(1001, 3, true);
    batch.blocks.push_back(support::input_of(1004, 2, true));
    batch.event_count = 5;
    builder.add(batch);
    builder.finish();
    file.bytes_.replace(file.offset_, builder.bytes().size(), builder.bytes());
    EXPECT_EQ(file.scan().end_number, 1006u);
    const auto second = file.offset_ + builder.entries()[1].offset;
    for (const std::size_t at : {second, second + 8, second + 300}) {
        auto bytes = file.bytes_;
        bytes[at] ^= 1;
        const auto scan = file.scan_bytes(bytes);
        EXPECT_EQ(scan.end_number, 1001u);
        EXPECT_GT(scan.torn_bytes, 0u);
        EXPECT_EQ(scan.used_bytes, file.offset_);
    }
}

TEST(SlotScan, AFrameThatWasPutInFromElsewhereIsReported) {
    auto file = three_commits();
    // A forged second commit with right checksums, but without the chain.
    CommitBuilder builder([] { return BlockCodec{}; });
    builder.begin({7, 102, 1007, Chain{1, 2, 3}}, 5000);
    auto batch = batch_of(1007, 5, true);
    builder.add(batch);
    builder.finish();
    file.bytes_.replace(file.commits_[1], builder.bytes().size(), builder.bytes());
    const auto scan = file.scan();
    EXPECT_EQ(scan.end_number, 1015u);
    EXPECT_EQ(scan.findings.size(), 2u);  // it, and the one after it
}

TEST(SlotScan, TheNextFileSaysWhereAFileEnds) {
    const auto file = three_commits();
    SlotLimits limits;
    limits.sequence_end = 103;
    limits.number_end = 1012;
    const auto scan = file.scan(limits);
    EXPECT_EQ(scan.end_number, 1012u);
    EXPECT_EQ(scan.torn_bytes, 0u);
    EXPECT_TRUE(scan.findings.empty());
}

TEST(SlotScan, ANewerVersionIsRefused) {
    auto file = three_commits();
    // Version 2 with a right checksum.
    FrameHeader header;
    header.version = 2;
    header.generation = 7;
    const auto input = support::input_of(1000, 1, true);
    std::string frame;
    append_frame(frame, header, input.fingerprints, input.encoded);
    file.bytes_.replace(page_bytes, frame.size(), frame);
    const auto scan = scan_slot(file.bytes_, "journal/0000", file.header_, {});
    ASSERT_FALSE(scan);
    EXPECT_EQ(scan.error().code, Code::unavailable);
    EXPECT_NE(scan.error().message.find("version 2"), std::string::npos);
}

TEST(SlotHeader, SurvivesNoChange) {
    const SlotHeader header{3, 4, 5, Chain{6}};
    const auto page = encode_slot_header(header);
    ASSERT_EQ(page.size(), page_bytes);
    const auto read = read_slot_header(page, "x").value();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->generation, 3u);
    EXPECT_EQ(read->first_number, 5u);
    for (std::size_t at = 0; at < 76; ++at) {
        auto bytes = page;
        bytes[at] ^= 1;
        const auto damaged = read_slot_header(bytes, "x");
        EXPECT_FALSE(damaged && *damaged) << at;
    }
}

}  // namespace
}  // namespace cairn::journal
