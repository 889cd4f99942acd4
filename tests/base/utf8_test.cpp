#include "base/utf8.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Utf8, WhatIsNoCharacterIsReplaced) {
    const struct {
        const char* text;
        const char* valid;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                                  // overlong
        {"\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                  // a surrogate
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // behind U+10FFFF
        {"\xe2\x82"
         "a",
         "\xef\xbf\xbd\xef\xbf\xbd"
         "a"},
    };
    for (const auto& row : cases) EXPECT_EQ(valid_utf8(row.text), row.valid) << row.text;
}

TEST(Utf8, CharactersAreCounted) {
    EXPECT_EQ(count_characters(""), 0u);
    EXPECT_EQ(count_characters("a\xc3\xa4\xf0\x9f\x98\x80z"), 4u);
}

TEST(Utf8, ATextIsCutBetweenCharacters) {
    const std::string text = "a\xc3\xa4\xf0\x9f\x98\x80z";
    const std::size_t kept[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
    for (std::size_t bytes_max = 0; bytes_max < std::size(kept); ++bytes_max)
        EXPECT_EQ(valid_utf8(text, bytes_max), text.substr(0, kept[bytes_max])) << bytes_max;
    EXPECT_EQ(valid_utf8("\xff\xff", 3), "\xef\xbf\xbd");
}
