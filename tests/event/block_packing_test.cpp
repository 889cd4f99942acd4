#include "event/uuid_packing.h"

#include <gtest/gtest.h>

#include "event/block_support.h"
#include "event/find_bytes.h"
#include "event/packed_search.h"

namespace cairn {
namespace {

constexpr const char* uuid = "0fb1f6d2-7a3c-4e5b-9d8e-0123456789ab";

struct Text {
    std::string packed, uuids;
};

Text pack(std::string_view text) {
    Text result;
    pack_uuids(text, result.packed, result.uuids);
    return result;
}

std::string restore(const Text& text) {
    std::string out(text.packed.size() + text.uuids.size() / 16 * 35, '\0');
    EXPECT_TRUE(restore_uuids(text.packed, text.uuids, out.data()));
    return out;
}

TEST(UuidPacking, PacksLowerCaseUuidsWherverTheyStand) {
    const std::string u = uuid;
    const struct {
        std::string text;
        std::size_t uuids;
    } cases[] = {
        {u, 1},
        {"\"" + u + "\"", 1},
        {u + u, 1},  // the first one is followed by a digit
        {u + "," + u, 2},
        {"f" + u + "\"", 1},  // nine digits before the dash: the last eight belong to it
        {"-" + u, 1},
        {u + "-", 0},
        {u + "0", 0},
        {u + "g", 1},
        {"0FB1F6D2-7A3C-4E5B-9D8E-0123456789AB", 0},
        {"0fb1f6d2-7a3c-4e5b-9d8e-0123456789a", 0},
        {"0fb1f6d2-7a3c-4e5b-9d8e-0123456789ag", 0},
        {"gfb1f6d2-7a3c-4e5b-9d8e-0123456789ab", 0},
        {"0fb1f6d2--a3c-4e5b-9d8e-0123456789ab", 0},
        {"fb1f6d2-7a3c-4e5b-9d8e-0123456789ab", 0},
        {"", 0},
        {"-", 0},
        {"--------------------------------------", 0},
        {std::string(1000, '-') + u + std::string(50, 'x') + u, 2},
        {std::string("\xc3\xa9") + u + "\xc3\xa9", 1},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto text = pack(row.text);
        EXPECT_EQ(text.uuids.size(), row.uuids * 16);
        EXPECT_EQ(text.packed.size() + row.uuids * 35, row.text.size());
        EXPECT_EQ(restore(text), row.text);
    }
}

TEST(UuidPacking, AnyTextComesBack) {
    std::mt19937_64 random(7);
    constexpr char alphabet[] = "0123456789abcdef--gG\"";
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        for (int part = 0; part < 4; ++part) {
            if (random() % 2 == 0) text += format_uuid(test::seeded_uuid(random));
            for (std::size_t n = random() % 24; n > 0; --n) text += alphabet[random() % (sizeof alphabet - 1)];
        }
        ASSERT_EQ(restore(pack(text)), text) << "round " << round;
    }
}

TEST(UuidPacking, TellsAWrongNumberOfMarkers) {
    char out[200];
    auto text = pack(std::string(uuid) + " " + uuid);
    EXPECT_FALSE(restore_uuids(text.packed, std::string_view(text.uuids).substr(16), out));
    EXPECT_FALSE(restore_uuids(text.packed.substr(1), text.uuids, out));
}

TEST(FindBytes, FindsWhatTheStandardLibraryFinds) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 20000; ++round) {
        std::string text(random() % 80, 'a'), term(1 + random() % 6, 'a');
        for (auto& c : text) c = static_cast<char>('a' + random() % 3);
        for (auto& c : term) c = static_cast<char>('a' + random() % 3);
        const std::size_t from = random() % 90;
        ASSERT_EQ(BytesFinder(term).find(text, from), text.find(term, from)) << text << " " << term << " " << from;
    }
    EXPECT_EQ(BytesFinder("").find("abc"), 0u);
    EXPECT_EQ(BytesFinder("a").find(""), std::string_view::npos);
}

TEST(FindBytes, FindsATermWhereverItStandsInALongText) {
    const BytesFinder finder("xyz");
    for (const std::size_t size : {127u, 128u, 130u, 131u, 300u, 517u}) {
        for (std::size_t at = 0; at + 3 <= size; ++at) {
            std::string text(size, 'a');
            if (at >= 5) text.replace(at - 5, 3, "x.z");  // the rarest bytes, but not the term
            text.replace(at, 3, "xyz");
            for (const std::size_t from : {std::size_t{0}, at / 2, at, at + 1})
                ASSERT_EQ(finder.find(text, from), text.find("xyz", from)) << size << " " << at << " " << from;
        }
        EXPECT_EQ(finder.find(std::string(size, 'a')), std::string_view::npos);
    }
}

std::string lowered(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

TEST(FindBytes, FindsInAnyCase) {
    std::mt19937_64 random(4);
    constexpr char alphabet[] =
        "aAbB@`[{\xe1\xc1";  // some differ from others in the bit of case only, and are no letters
    for (int round = 0; round < 20000; ++round) {
        std::string text(random() % 90, 'a'), term(random() % 5, 'a');
        for (auto& c : text) c = alphabet[random() % (sizeof alphabet - 1)];
        for (auto& c : term) c = alphabet[random() % (sizeof alphabet - 1)];
        const std::size_t from = random() % 90;
        const BytesFinder finder(term, BytesFinder::Case::ignored);
        ASSERT_EQ(finder.find(text, from), lowered(text).find(lowered(term), from))
            << text << " " << term << " " << from;
    }
}

// The slow way decides: whatever the restored text holds must be found, and little else.
TEST(PackedSearch, NeverMissesAndIsExactForTermsWithoutAWholeUuid) {
    std::mt19937_64 random(11);
    constexpr char separators[] = "\"- ,xa0AF";
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (int part = 0; part < 5; ++part) {
            text += format_uuid(test::seeded_uuid(random));
            for (std::size_t n = random() % 4; n > 0; --n) text += separators[random() % (sizeof separators - 1)];
        }
        const auto packed = pack(text);
        if (packed.uuids.empty()) continue;
        for (int probe = 0; probe < 50; ++probe) {
            const std::size_t at = random() % text.size();
            std::string term = text.substr(at, 1 + random() % 60);
            if (probe % 2 == 0) term[random() % term.size()] = separators[random() % (sizeof separators - 1)];
            const bool any_case = random() % 2 == 0;
            if (any_case)
                for (char& c : term) c = static_cast<char>(random() % 2 ? std::toupper(c) : std::tolower(c));
            const PackedTerm sought(term, any_case ? PackedTerm::Case::ignored : PackedTerm::Case::exact);
            const bool found = sought.may_be_in(packed.packed, packed.uuids);
            const bool there = any_case ? lowered(text).find(lowered(term)) != std::string::npos
                                        : text.find(term) != std::string::npos;
            if (there) {
                ASSERT_TRUE(found) << "round " << round << "\n" << text << "\n" << term;
            } else if (pack(term + "\"").uuids.empty()) {
                ASSERT_FALSE(found) << "round " << round << "\n" << text << "\n" << term;
            }
        }
    }
}

}  // namespace
}  // namespace cairn
