#include "view/trail/gzip_member.h"

#include <random>

#include <gtest/gtest.h>
#include <zlib.h>

namespace cairn::trail {
namespace {

/// The content of exactly one gzip member, by a library of its own; empty when there is anything else.
std::string gunzip(const std::string& bytes) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(64 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    const bool whole = result == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    EXPECT_TRUE(whole) << result << ", " << stream.avail_in << " bytes left";
    return out;
}

std::string some_text(std::size_t size, unsigned seed, bool random) {
    std::mt19937 draw(seed);
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(random ? draw() : 'a' + draw() % 3));
    return text;
}

TEST(GzipMember, HoldsWhatItWasGivenInAnyPieces) {
    for (const bool random : {false, true}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{32768}, std::size_t{65535}, std::size_t{200'000}}) {
            SCOPED_TRACE(piece);
            const auto text = some_text(piece == 1 ? 300 : 500'000, static_cast<unsigned>(piece), random);
            GzipMember member;
            std::string out;
            for (std::size_t at = 0; at < text.size(); at += piece) member.append(std::string_view(text).substr(at, piece), out);
            member.finish(out);
            EXPECT_EQ(gunzip(out), text);
            EXPECT_EQ(gunzip(recompress(out)), text);
        }
    }
}

TEST(GzipMember, MayBeEmpty) {
    GzipMember member;
    std::string out;
    member.finish(out);
    EXPECT_EQ(gunzip(out), "");
}

TEST(GzipMember, CanBeUsedAgainAfterItsEnd) {
    GzipMember member;
    std::string first, second;
    member.append("one", first);
    member.finish(first);
    member.append("two", second);
    member.finish(second);
    EXPECT_EQ(gunzip(first), "one");
    EXPECT_EQ(gunzip(second), "two");
}

TEST(GzipMember, SmallIsSmaller) {
    const auto text = some_text(1'000'000, 1, false);
    GzipMember member;
    std::string out;
    member.append(text, out);
    member.finish(out);
    EXPECT_LT(out.size(), text.size() / 3);
    EXPECT_LT(recompress(out).size(), out.size());
}

}  // namespace
}  // namespace cairn::trail
