#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "event/record.h"
#include "ingest/slice.h"

namespace cairn::ingest {
namespace {

std::string gzip(const std::string& text, int level = 6) {
    z_stream stream{};
    deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string sample(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * i) + "\n";
    text.resize(bytes);
    return text;
}

TEST(Decompress, GivesBackWhatWasCompressed) {
    for (const std::size_t size : {0u, 1u, 63u, 1000u, 65536u, 65537u, 3000000u}) {
        SCOPED_TRACE(size);
        const auto text = sample(size);
        const struct {
            const char* name;
            std::string bytes;
            Encoding encoding;
        } cases[] = {
            {"identity", text, Encoding::identity},
            {"gzip", gzip(text), Encoding::gzip},
            {"gzip stored", gzip(text, 0), Encoding::gzip},
            {"zstd", zstd(text), Encoding::zstd},
        };
        for (const auto& row : cases) {
            SCOPED_TRACE(row.name);
            if (row.encoding != Encoding::identity) {
                EXPECT_EQ(detect_encoding(row.bytes), row.encoding);
            }
            const auto exact = decompress(row.bytes, row.encoding, size);
            ASSERT_TRUE(exact) << exact.error().message;
            EXPECT_EQ(*exact, text);
            EXPECT_GE(exact->capacity(), size + RecordParser::padding);
            if (size > 0) {
                EXPECT_EQ(decompress(row.bytes, row.encoding, size - 1).error().code, Code::exhausted);
            }
        }
    }
}

TEST(Decompress, ReadsAllMembersAndFrames) {
    const auto first = sample(100000), second = sample(70), third = std::string();
    const auto text = first + second + third + second;
    const auto gzipped = gzip(first) + gzip(second) + gzip(third) + gzip(second);
    EXPECT_EQ(decompress(gzipped, Encoding::gzip, 1 << 20).value(), text);
    EXPECT_EQ(decompress(gzipped + std::string(512, '\0'), Encoding::gzip, 1 << 20).value(), text);
    EXPECT_EQ(decompress("hello", Encoding::gzip, 1 << 20).error().message, "not gzip data");
    EXPECT_EQ(decompress(gzipped + "tail", Encoding::gzip, 1 << 20).error().code, Code::invalid);
    EXPECT_EQ(decompress(gzipped, Encoding::gzip, text.size() - 1).error().code, Code::exhausted);
    const auto zipped = zstd(first) + zstd(second) + zstd(third) + zstd(second);
    EXPECT_EQ(decompress(zipped, Encoding::zstd, 1 << 20).value(), text);
    EXPECT_EQ(decompress(zipped + "tail", Encoding::zstd, 1 << 20).error().code, Code::invalid);
}

TEST(Decompress, BombsAreStoppedAtTheBound) {
    const std::string zeros(200 << 20, '\0');
    const auto gzipped = gzip(gzip(zeros, 9), 9);
    const auto inner = decompress(gzipped, Encoding::gzip, 1 << 20);
    ASSERT_TRUE(inner);
    EXPECT_EQ(decompress(*inner, Encoding::gzip, 1 << 20).error().code, Code::exhausted);
    EXPECT_EQ(decompress(zstd(zeros), Encoding::zstd, 1 << 20).error().code, Code::exhausted);
}

TEST(Decompress, DamageAtAnyByteIsReportedOrHarmless) {
    const auto text = sample(700);
    for (const auto encoding : {Encoding::gzip, Encoding::zstd}) {
        const auto bytes = encoding == Encoding::gzip ? gzip(text) : zstd(text);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            SCOPED_TRACE(at);
            const auto cut = decompress(std::string_view(bytes).substr(0, at), encoding, 4096);
            EXPECT_FALSE(cut && *cut != text && !cut->empty());
            auto flipped = bytes;
            flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
            const auto read = decompress(flipped, encoding, 4096);
            if (read && encoding == Encoding::gzip) {  // zstd frames may lack a checksum
                EXPECT_EQ(*read, text);
            }
        }
    }
}

TEST(Decompress, TellsEncodingsByTheirFirstBytes) {
    EXPECT_EQ(detect_encoding(""), Encoding::identity);
    EXPECT_EQ(detect_encoding("{}"), Encoding::identity);
    EXPECT_EQ(detect_encoding("\x1f"), Encoding::identity);
}

}  // namespace
}  // namespace cairn::ingest
