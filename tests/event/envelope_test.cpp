#include "event/envelope.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

Envelope full_envelope() {
    Envelope envelope;
    envelope.ingest_time = from_milliseconds(1795276800123);
    envelope.inlet = Inlet::import;
    envelope.writer = "arn:aws:iam::123456789012:user/collector";
    envelope.gateway = "edge-1";
    envelope.sequence = 300;
    envelope.evidence = std::string("\x00\x01\xff", 3);
    envelope.conflict = true;
    return envelope;
}

TEST(Envelope, ComesBackAsItWas) {
    for (const auto& envelope : {Envelope{}, full_envelope()}) {
        const auto read = decode_envelope(encode_envelope(envelope));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, envelope);
    }
}

TEST(Envelope, ACutAtAnyByteIsReported) {
    const auto bytes = encode_envelope(full_envelope());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        SCOPED_TRACE(cut);
        const auto read = decode_envelope(std::string_view(bytes).substr(0, cut));
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, Code::corrupt);
    }
}

TEST(Envelope, AFlipOfAnyBitIsReportedOrReadWithoutHarm) {
    const auto bytes = encode_envelope(full_envelope());
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        SCOPED_TRACE(bit);
        auto flipped = bytes;
        flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
        const auto read = decode_envelope(flipped);  // damage is found by the block's sums; here nothing may break
        if (read)
            EXPECT_LE(read->writer.size() + read->gateway.size() + read->evidence.size(), bytes.size());
        else
            EXPECT_EQ(read.error().code, Code::corrupt);
    }
}

TEST(Envelope, SkipsWhatANewerVersionAppended) {
    auto bytes = encode_envelope(full_envelope());
    bytes[0] = 2;  // written by version 2, readable from version 1 on
    bytes += "something new";
    const auto read = decode_envelope(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, full_envelope());
}

TEST(Envelope, RefusesWhatItCannotRead) {
    const struct {
        std::size_t at;
        char value;
        const char* why;
    } cases[] = {
        {0, 0, "no version"},    {1, 0, "no reader version"}, {1, 2, "newer than its writer"},
        {2, 4, "unknown inlet"}, {3, 2, "unknown flag"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.why);
        auto bytes = encode_envelope(full_envelope());
        bytes[row.at] = row.value;
        EXPECT_FALSE(decode_envelope(bytes));
    }
    auto newer = encode_envelope(full_envelope());
    newer[0] = newer[1] = 2;
    const auto read = decode_envelope(newer);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("version 2"), std::string::npos) << read.error().message;
    EXPECT_FALSE(decode_envelope(encode_envelope(full_envelope()) + "x")) << "bytes after the end";
}

}  // namespace
}  // namespace cairn
