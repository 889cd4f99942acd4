#include "api/event_json.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"

namespace cairn::api {
namespace {

std::string compacted(std::string_view record) {
    std::string out = "before ";
    append_compact(out, record);
    EXPECT_TRUE(out.starts_with("before "));
    return out.substr(7);
}

std::string as_json_string(std::string_view record) {
    std::string out = "before ";
    append_compact_quoted(out, record);
    EXPECT_TRUE(out.starts_with("before "));
    return out.substr(7);
}

TEST(EventJson, WhiteSpaceBetweenTokensGoesAndThatOfTextsStays) {
    const struct {
        const char *record, *compact;
    } cases[] = {
        {"{}", "{}"},
        {" {\r\n\t} ", "{}"},
        {R"({ "a" : "b c" , "d":[ 1 , true ] })", R"({"a":"b c","d":[1,true]})"},
        {R"({"a b":" \" c \\" , "d" : "\\\" " })", R"({"a b":" \" c \\","d":"\\\" "})"},
        {R"({"a":"\n\t\u0020 x"})", R"({"a":"\n\t\u0020 x"})"},
        {"{\"umlaut\" : \"\xc3\xbc \x7f\"}", "{\"umlaut\":\"\xc3\xbc \x7f\"}"},
    };
    for (const auto& [record, compact] : cases) EXPECT_EQ(compacted(record), compact);
}

TEST(EventJson, QuotedIsTheStringOfTheCompactRecord) {
    static constexpr std::string_view pieces[] = {
        "a", "value of some length", " ", R"(\")", R"(\\)", R"(\n)", "\xc3\xbc", "  ", "0123456789abcdef", R"(\u00e9)"};
    std::mt19937 random(1);
    for (int round = 0; round < 2'000; ++round) {
        std::string record = "{", compact = "{";
        for (auto members = random() % 6; members > 0; --members) {
            std::string text = "\"";
            for (auto count = random() % 8; count > 0; --count) text += pieces[random() % std::size(pieces)];
            text += '"';
            const std::string space(random() % 3, random() % 2 ? ' ' : '\n');
            const std::string comma = compact.size() > 1 ? "," : "";
            record += comma + space + text + space + ":" + space + text + space;
            compact += comma + text + ":" + text;
        }
        record += '}';
        compact += '}';
        std::string expected;
        append_json_string(expected, compact);
        ASSERT_EQ(compacted(record), compact);
        ASSERT_EQ(as_json_string(record), expected);
        ASSERT_EQ(as_json_string(compact), expected);
    }
}

TEST(EventJson, ATextThatIsCutOffEndsThere) {
    const std::string record = R"({"a":"b\"c\\","d":" e"})";
    std::string whole;
    append_json_string(whole, record);
    for (std::size_t size = 0; size <= record.size(); ++size) {
        std::string expected;
        append_json_string(expected, record.substr(0, size));
        EXPECT_EQ(as_json_string(record.substr(0, size)), expected);
    }
}

}  // namespace
}  // namespace cairn::api
