#include <gtest/gtest.h>

#include "event/json_check.h"
#include "record_support.h"

using namespace cairn;

namespace {

std::string nested(std::size_t depth, char open, char close) {
    std::string text(depth, open);
    if (open == '{') {
        text.clear();
        for (std::size_t i = 0; i < depth; ++i) text += i + 1 < depth ? "{\"a\":" : "{";
    }
    return text + std::string(depth, close);
}

bool checks(std::string_view text, std::size_t depth_max = 128) {
    std::vector<JsonOddity> oddities;
    return check_json(text, depth_max, oddities).has_value();
}

}  // namespace

TEST(RecordJson, WhatRfc8259AllowsIsAccepted) {
    const struct {
        const char* value;
        std::uint32_t flags;
    } cases[] = {
        {"null", 0},
        {"true", 0},
        {"false", 0},
        {"0", 0},
        {"-0", 0},
        {"-0.0", 0},
        {"1e5", 0},
        {"1E+5", 0},
        {"1e-5", 0},
        {"0e9999", 0},
        {"0.0e+0", 0},
        {"123.456e-7", 0},
        {"\"\"", 0},
        {"[]", 0},
        {"{}", 0},
        {" [ 1 , 2 ] ", 0},
        {"[[[]]]", 0},
        {"9223372036854775807", 0},
        {"-9223372036854775808", 0},
        {"18446744073709551615", 0},
        {"18446744073709551616", flag_big_number},
        {"-9223372036854775809", flag_big_number},
        {"123456789012345678901234567890", flag_big_number},
        {"[1,123456789012345678901234567890,2]", flag_big_number},
        {"1e309", flag_big_number},
        {"-1e309", flag_big_number},
        {"1e99999999999999999999", flag_big_number},
        {"1e-400", 0},
        {"0.0e999999", 0},
        {"\"\\ud83d\\ude00\"", 0},
        {"\"\\ud800\"", flag_lone_surrogate},
        {"\"\\udc00\"", flag_lone_surrogate},
        {"\"\\ud800\\ud800\\udc00\"", flag_lone_surrogate},
        {"\"\\ud800x\"", flag_lone_surrogate},
        {"\"\\ud800\\n\"", flag_lone_surrogate},
        {"\"\\uDBFF\\uD7FF\"", flag_lone_surrogate},
        {"{\"\\ud800\":123456789012345678901}", flag_lone_surrogate | flag_big_number},
        {"\"\\u0000\"", 0},
        {"\"\x7f\"", 0},
        {"\"\xef\xbf\xbf\"", 0},
        {"\"\xf4\x8f\xbf\xbf\"", 0},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0},
        {"{\"\":1}", 0},
        {"{\"a\":1,\"a\":2}", 0},
        {"\"\xe2\x80\xa8\"", 0},
    };
    Parse parse;
    for (const auto& row : cases) {
        SCOPED_TRACE(row.value);
        const auto record = record_with(std::string("\"requestParameters\":{\"x\":") + row.value + "}");
        const auto& view = parse.view(record);
        EXPECT_EQ(view.flags, row.flags);
        EXPECT_EQ(view.raw, record);
        EXPECT_EQ(view.event_name, "StopInstances");
        EXPECT_TRUE(checks(record));
    }
}

TEST(RecordJson, WhatItDoesNotAllowIsRefused) {
    const char* const values[] = {
        "",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "1_000",
        "1 2",
        "'a'",
        "\"",
        "\"a",
        "\"\\q\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\\u12\"",
        "\"\t\"",
        "\"\n\"",
        "\"\\\"",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "[1}",
        "{\"a\":1]",
        "/**/1",
        "1//",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xc1\xbf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "\"\xff\"",
        "\"\xe0\x80\x80\"",
        "\"\xf0\x80\x80\x80\"",
        "\xa0"
        "1",
        "[\"\\x\"]",
    };
    Parse parse;
    for (const char* const value : values) {
        SCOPED_TRACE(value);
        const auto record = record_with(std::string("\"requestParameters\":{\"x\":") + value + "}");
        EXPECT_TRUE(parse.error(record).starts_with("not valid JSON at byte ")) << parse.error(record);
        EXPECT_FALSE(checks(record));
    }
}

TEST(RecordJson, AnythingAroundTheObjectIsRefused) {
    Parse parse;
    const auto record = record_with("");
    EXPECT_EQ(parse.view(" \r\n\t" + record + "\n ").raw, record);
    for (const auto& text :
         {record + "x", record + record, record + ",", "\xef\xbb\xbf" + record, "[" + record + "]",
          record + std::string(1, '\0'), std::string("\f") + record, record.substr(0, record.size() - 1)})
        EXPECT_NE(parse.error(text), "") << text;
    EXPECT_EQ(parse.error(""), "the record is empty");
    EXPECT_EQ(parse.error(" \n"), "the record is empty");
    EXPECT_EQ(parse.error("[]"), "the record is an array, not an object");
    EXPECT_EQ(parse.error("3"), "the record is a number, not an object");
    EXPECT_EQ(parse.error("\"x\""), "the record is a string, not an object");
    EXPECT_EQ(parse.error("{}"), "eventTime is missing");
}

TEST(RecordJson, EveryCutIsRefused) {
    Parse parse;
    const auto record = record_with(
        R"("userIdentity":{"type":"Root","x":[1,2.5e3,{"y":null}]},"requestParameters":{"k":"\ud800","n":1e999})");
    EXPECT_EQ(parse.view(record).flags, flag_lone_surrogate | flag_big_number);
    for (std::size_t cut = 0; cut < record.size(); ++cut)
        EXPECT_NE(parse.error(std::string_view(record).substr(0, cut)), "") << cut;
}

TEST(RecordJson, DepthCountsArraysAndObjectsTogether) {
    for (const std::size_t depth_max : {4, 5, 127, 128, 1023, 1024, 1025, 3000}) {
        Parse parse({.bytes_max = 1 << 20, .depth_max = depth_max});
        for (const auto& [open, close] : {std::pair('[', ']'), std::pair('{', '}')}) {
            SCOPED_TRACE(std::to_string(depth_max) + open);
            EXPECT_EQ(parse.view(record_with("\"x\":" + nested(depth_max - 1, open, close))).flags, 0u);
            EXPECT_NE(parse.error(record_with("\"x\":" + nested(depth_max, open, close))).find("nested too deeply"),
                      std::string::npos);
        }
    }
    Parse flat({.bytes_max = 1 << 20, .depth_max = 1});
    EXPECT_EQ(flat.view(record_with("")).flags, 0u);
    EXPECT_NE(flat.error(record_with("\"x\":[]")), "");
}

TEST(RecordJson, SizeIsThatOfTheRecordWithoutSpaceAround) {
    const auto record = record_with("");
    Parse parse({.bytes_max = record.size()});
    EXPECT_EQ(parse.view("  " + record + "\n").raw, record);
    EXPECT_EQ(parse.error(record_with("\"a\":1")), "the record has " + std::to_string(record.size() + 6) +
                                                       " bytes, more than " + std::to_string(record.size()));
    Parse wide({.bytes_max = 1 << 20});
    EXPECT_EQ(wide.view(record_with("\"x\":\"" + std::string(900'000, 'a') + "\"")).flags, 0u);
    EXPECT_EQ(wide.view(record).flags, 0u);
}

TEST(RecordJson, ErrorsQuoteLittle) {
    Parse parse;
    const auto error = parse.error(R"({"eventTime":")" + std::string(5000, 'x') + "\\n\"}");
    EXPECT_LT(error.size(), 200u);
    const auto control = parse.error("{\"eventTime\":\"a\\n\\u0000b\"}");
    EXPECT_EQ(control, "eventTime is no time: \"a??b\"");
}
