#include "base/json.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Json, TextComesBackAsWritten) {
    for (const auto* text : {"null", "true", "-7", "9223372036854775807", "1.5", "1424476529.0",
                             "\"a\\\"b\\\\\\n\\u0001\"", "[]", "[1,[2],{}]", R"({"b":1,"a":[null,false,"x"]})"}) {
        SCOPED_TRACE(text);
        const auto json = parse_json(text);
        ASSERT_TRUE(json) << json.error().message;
        EXPECT_EQ(to_text(*json), text);
    }
}

TEST(Json, RefusesWhatIsNotOneDocument) {
    for (const auto* text : {"", "{", "[1,]", "{\"a\":1,}", "nul", "1 2", "{} x", "\"\\q\"", "\"\x01\"", "01"})
        EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_FALSE(parse_json(std::string(200, '[') + std::string(200, ']')));
}

TEST(Json, NullMembersAreAbsent) {
    const auto json = parse_json(R"({"a":null,"b":"x"})");
    ASSERT_TRUE(json);
    EXPECT_EQ(json->find("a"), nullptr);
    EXPECT_EQ(json->text("b"), "x");
    EXPECT_EQ(json->text("c"), "");
}

TEST(Json, SetReplaces) {
    Json json;
    json.set("a", 1);
    json.set("a", "two");
    json.set("b", JsonArray{Json(true)});
    EXPECT_EQ(to_text(json), R"({"a":"two","b":[true]})");
}

TEST(Json, EveryByteOfATextIsEscapedWhereverItStands) {
    for (int byte = 0; byte < 256; ++byte)
        for (std::size_t at = 0; at < 19; ++at) {
            std::string text(19, 'a'), out;
            text[at] = static_cast<char>(byte);
            append_json_string(out, text);
            const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
            EXPECT_EQ(out.size() == text.size() + 2, plain) << byte << " at " << at;
            if (byte >= 0x80) continue;  // no text by itself
            const auto back = parse_json(out);
            ASSERT_TRUE(back) << byte;
            EXPECT_EQ(back->as_string(), text);
        }
}
