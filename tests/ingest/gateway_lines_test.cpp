#include "ingest/gateway_lines.h"

#include <gtest/gtest.h>

#include "event/record.h"

namespace cairn::ingest {
namespace {

GatewayLines cut(std::string body, std::size_t slices_max = 100) {
    static std::string kept;
    kept = std::move(body);
    kept.reserve(kept.size() + RecordParser::padding);
    return slice_gateway_lines(kept, slices_max);
}

TEST(GatewayLines, AreTakenApart) {
    const auto lines =
        cut("{\"sequence\":7,\"evidence\":{\"a\":[1,\"}\"]},\"record\":{\"eventID\":\"x\\\"\"}}\n\n"
            " { \"record\" : {} , \"sequence\" : 8 } \r\n"
            "{\"record\":{\"b\":1}}");
    ASSERT_EQ(lines.sliced.slices.size(), 3u);
    ASSERT_EQ(lines.origins.size(), 3u);
    EXPECT_EQ(lines.sliced.slices[0].text, R"({"eventID":"x\""})");
    EXPECT_EQ(lines.origins[0].sequence, 7u);
    EXPECT_EQ(lines.origins[0].evidence, R"({"a":[1,"}"]})");
    EXPECT_EQ(lines.sliced.slices[1].text, "{}");
    EXPECT_EQ(lines.sliced.slices[1].line, 3u);
    EXPECT_EQ(lines.origins[1].sequence, 8u);
    EXPECT_EQ(lines.origins[1].evidence, "");
    EXPECT_EQ(lines.sliced.slices[2].text, R"({"b":1})");
}

TEST(GatewayLines, ABrokenLineHarmsNoOther) {
    const std::string good = R"({"sequence":1,"record":{}})";
    for (const std::string& bad :
         {std::string("nonsense"), std::string("{"), std::string("[]"), std::string("{}"),
          std::string(R"({"sequence":1})"), std::string(R"({"sequence":-1,"record":{}})"),
          std::string(R"({"sequence":"1","record":{}})"), std::string(R"({"record":[]})"),
          std::string(R"({"record":{}}x)"), std::string(R"({"other":1,"record":{}})"),
          std::string(R"({"evidence":1,"record":{}})"), std::string(R"({"evidence":{"a":},"record":{}})"),
          std::string(R"({"record":{})"), std::string(R"({"record":{},})"),
          R"({"evidence":{"a":")" + std::string(evidence_bytes_max, 'x') + R"("},"record":{}})"}) {
        SCOPED_TRACE(bad.substr(0, 60));
        const auto lines = cut(good + "\n" + bad + "\n" + good);
        ASSERT_EQ(lines.sliced.slices.size(), 3u);
        EXPECT_EQ(lines.origins.size(), 2u);
        EXPECT_NE(lines.sliced.slices[1].problem, "");
        EXPECT_EQ(lines.sliced.slices[1].text, "");
        EXPECT_EQ(lines.sliced.slices[2].text, "{}");
    }
}

TEST(GatewayLines, MayBeCutAnywhere) {
    const std::string line = R"({"sequence":7,"evidence":{"a":"b"},"record":{"eventID":"x"}})";
    for (std::size_t end = 1; end < line.size(); ++end) {
        const auto lines = cut(line.substr(0, end));
        ASSERT_EQ(lines.sliced.slices.size(), 1u);
        EXPECT_NE(lines.sliced.slices[0].problem, "") << end;
    }
}

TEST(GatewayLines, AreNotMoreThanMayBe) {
    const auto lines = cut("{\"record\":{}}\n{\"record\":{}}\n{\"record\":{}}\n", 2);
    ASSERT_EQ(lines.sliced.slices.size(), 3u);
    EXPECT_NE(lines.sliced.slices[2].problem, "");
    EXPECT_EQ(lines.origins.size(), 2u);
}

}  // namespace
}  // namespace cairn::ingest
