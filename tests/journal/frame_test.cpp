#include "journal/frame.h"

#include <gtest/gtest.h>

#include "support/log_batches.h"

namespace cairn::journal {
namespace {

std::string some_frame(std::span<const MergedLink> links = {}) {
    const auto input = support::input_of(42, 3, true);
    FrameHeader header;
    header.retention = RetentionClass::data;
    header.generation = 5;
    header.sequence = 6;
    header.first_number = 42;
    header.ingest_ms = 1000;
    header.newest_ms = 2000;
    header.flags = links.empty() ? 0 : merged;
    header.chain = next_link(header.chain_before, 42, 3, input.encoded);
    std::string out;
    append_frame(out, header, input.fingerprints, input.encoded, links);
    return out;
}

TEST(Frame, IsReadBack) {
    const auto input = support::input_of(42, 3, true);
    const auto frame = some_frame();
    EXPECT_EQ(frame.size() % 8, 0u);
    const auto header = read_frame_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->retention, RetentionClass::data);
    EXPECT_EQ(header->sequence, 6u);
    EXPECT_EQ(header->end_number(), 45u);
    EXPECT_EQ(header->frame_bytes(), frame.size());
    EXPECT_TRUE(body_is_whole(*header, frame));
    EXPECT_TRUE(link_is_right(*header, frame));
    EXPECT_EQ(block_of(*header, frame), input.encoded);
    const auto fingerprints = fingerprints_of(*header, frame);
    ASSERT_EQ(fingerprints.size(), 3u);
    EXPECT_EQ(fingerprints[2].identity, input.fingerprints[2].identity);
    EXPECT_EQ(fingerprints[2].content, input.fingerprints[2].content);
}

TEST(Frame, KeepsTheLinksOfMergedBlocks) {
    const MergedLink links[] = {{42, 1, 0, Chain{7}}, {43, 2, 0, Chain{8}}};
    const auto frame = some_frame(links);
    const auto header = read_frame_header(frame);
    ASSERT_TRUE(header);
    const auto read = links_of(*header, frame);
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[1].first_number, 43u);
    EXPECT_EQ(read[1].chain, Chain{8});
}

TEST(Frame, ACutAtAnyByteIsSeen) {
    const auto frame = some_frame();
    for (std::size_t cut = 0; cut < frame.size(); ++cut) {
        const auto bytes = std::string_view(frame).substr(0, cut);
        const auto header = read_frame_header(bytes);
        EXPECT_FALSE(header && body_is_whole(*header, bytes)) << cut;
    }
}

TEST(Frame, AFlipOfAnyBitIsSeen) {
    const auto frame = some_frame();
    for (std::size_t at = 0; at < frame.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            auto bytes = frame;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            const auto header = read_frame_header(bytes);
            EXPECT_FALSE(header && body_is_whole(*header, bytes)) << at << " bit " << bit;
        }
}

TEST(Frame, IsFoundAgainByItsGeneration) {
    const auto bytes = std::string(24, 'x') + some_frame() + some_frame();
    EXPECT_EQ(find_frame(bytes, 0, 5, 0), 24u);
    EXPECT_EQ(find_frame(bytes, 25, 5, 0), 24u + some_frame().size());
    EXPECT_EQ(find_frame(bytes, 0, 6, 0), std::nullopt);
    EXPECT_EQ(find_frame(bytes, 0, 5, 7), std::nullopt);
}

}  // namespace
}  // namespace cairn::journal
