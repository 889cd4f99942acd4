#include "view/trail/gzip_member.h"

#include <random>

#include <gtest/gtest.h>

#include "support/gunzip.h"

namespace cairn::trail {
namespace {

using support::gunzip;

std::string some_text(std::size_t size, unsigned seed, bool random) {
    std::mt19937 draw(seed);
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(random ? draw() : 'a' + draw() % 3));
    return text;
}

TEST(GzipMember, HoldsWhatItWasGivenInAnyPieces) {
    for (const bool random : {false, true}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{32768}, std::size_t{65535},
                                        std::size_t{200'000}, std::size_t{400'000}}) {
            SCOPED_TRACE(piece);
            const auto text = some_text(piece == 1 ? 300 : 500'000, static_cast<unsigned>(piece), random);
            GzipMember member;
            std::string out;
            for (std::size_t at = 0; at < text.size(); at += piece)
                member.append(std::string_view(text).substr(at, piece), out);
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
