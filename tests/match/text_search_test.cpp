#include "match/text_search.h"

#include <string>

#include <gtest/gtest.h>

using namespace cairn::match;

TEST(TextSearch, IgnoresCase) {
    const struct {
        const char* sought;
        const char* text;
        bool found;
    } cases[] = {
        {"hello", "say HELLO", true},
        {"HELLO", "say hello", true},
        {"zürich", "ZÜRICH", true},
        {"ZÜRICH", "in Zürich", true},
        {"zurich", "Zürich", false},
        {"žluťoučký kůň", "ŽLUŤOUČKÝ KŮŇ", true},
        {"Ærøskøbing", "ærØsKØBING", true},
        {"Ελλάδα", "ΕΛΛΆΔΑ", true},
        {"ΟΔΥΣΣΕΥΣ", "οδυσσευς", true},  // both small sigmas
        {"Привет", "ПРИВЕТ", true},
        {"ԵՐԵՎԱՆ", "երեվան", true},
        {"ẞ", "ß", true},
        {"straße", "STRASSE", false},  // simple folding keeps the number of characters
        {"Ⱥb", "xⱥB", true},           // of two and of three bytes
        {"日本", "日本語", true},
        {"😀", "a 😀", true},
        {"é.*", "é.*", true},
        {"é.*", "éabc", false},
        {"éks", "ÉKS", true},
        {"éks", "É\u212a\u017f", false},  // the Kelvin sign and the long s are not ASCII
        {"ks", "\u212a\u017f", false},
        {"\u017f", "a long S: \u00e9", false},
        {"\u017f\u212a", "\u017f\u212a", true},
        {"\xc3", "\xc3\xa9", true},  // not UTF-8: byte by byte
        {"", "", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.sought) + " in " + row.text);
        EXPECT_EQ(TextSearch(row.sought).found_in(row.text), row.found);
    }
}

TEST(TextSearch, FindsATextHoweverJsonSpellsIt) {
    for (const char* json : {R"({"a":"Zürich Ω"})", R"({"a":"ZÜRICH ω"})", R"({"a":"z\u00fcrich \u03a9"})",
                             R"({"a":"Z\u00DCR\u0049CH \u03c9"})"}) {
        SCOPED_TRACE(json);
        EXPECT_TRUE(TextSearch("zürich ω").found_in_json(json));
        EXPECT_TRUE(TextSearch("ZÜRICH Ω").found_in_json(json));
        EXPECT_FALSE(TextSearch("zurich").found_in_json(json));
    }
    EXPECT_TRUE(TextSearch("😀!").found_in_json(R"("\ud83d\ude00!")"));
    EXPECT_FALSE(TextSearch("\ufffe").found_in_json(R"("\ud83d!")"));
}
