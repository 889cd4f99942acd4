#include "base/bytes.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Bytes, VarintsComeBack) {
    for (const std::uint64_t value : {0ull, 1ull, 127ull, 128ull, 300ull, 1ull << 32, ~0ull >> 1, ~0ull}) {
        SCOPED_TRACE(value);
        std::string bytes;
        append_varint(bytes, value);
        ByteReader reader(bytes);
        EXPECT_EQ(reader.varint(), value);
        EXPECT_TRUE(reader.ok());
        EXPECT_TRUE(reader.rest().empty());
    }
}

TEST(Bytes, VarintOverSixtyFourBitsIsRefused) {
    ByteReader reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    EXPECT_EQ(reader.varint(), 0u);
    EXPECT_FALSE(reader.ok());
}

TEST(Bytes, ReadingPastTheEndFailsOnceAndForAll) {
    std::string bytes;
    append_text(bytes, "abc");
    append<std::uint16_t>(bytes, 7);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        SCOPED_TRACE(cut);
        ByteReader reader(std::string_view(bytes).substr(0, cut));
        reader.text();
        reader.integer<std::uint16_t>();
        EXPECT_FALSE(reader.ok());
        EXPECT_EQ(reader.integer<std::uint8_t>(), 0u);
    }
}

TEST(Bytes, Hex) {
    EXPECT_EQ(to_hex(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
    EXPECT_EQ(from_hex("00FF1a"), std::string("\x00\xff\x1a", 3));
    EXPECT_EQ(from_hex("0"), std::nullopt);
    EXPECT_EQ(from_hex("0g"), std::nullopt);
}

TEST(Bytes, Base64OfRfc4648) {
    const struct {
        std::string_view bytes, text;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};
    for (const auto& row : cases) {
        EXPECT_EQ(to_base64(row.bytes), row.text);
        EXPECT_EQ(from_base64(row.text), row.bytes);
    }
    for (const auto* bad : {"Z", "Zg=", "Zg==Zg==", "Z===", "Zm9v!A==", "=Zm9"})
        EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}
