#include "api/lookup.h"

#include <gtest/gtest.h>

#include "api/fake_engine.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

std::vector<std::string> ids(const Answer& answer) {
    std::vector<std::string> found;
    const auto json = answer.json();
    if (const auto* events = json.find("Events"))
        for (const auto& event : events->as_array()) found.emplace_back(event.text("EventId"));
    return found;
}

Settings quiet() {
    Settings settings;
    settings.record_calls = false;
    return settings;
}

}  // namespace

TEST(LookupEvents, AnswersWithEveryMemberOfTheEvent) {
    FakeEngine engine(quiet());
    const auto stored = record(event_id(1));
    engine.store(stored);
    const auto answer = engine.lookup("{}");
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/x-amz-json-1.1");
    EXPECT_EQ(answer.header("x-amzn-RequestId").size(), 36u);
    EXPECT_EQ(
        answer.response.body,
        R"({"Events":[{"EventId":")" + event_id(1) +
            R"(","EventName":"RunInstances","ReadOnly":"false","AccessKeyId":"AKIAEXAMPLE000000002",)"
            R"("EventTime":1767323045.0,"EventSource":"ec2.amazonaws.com","Username":"ana","Resources":[],"CloudTrailEvent":)" +
            to_text(Json(stored)) + "}]}");
}

TEST(LookupEvents, RecordsThatCameWithWhiteSpaceAreAnsweredCompact) {
    FakeEngine engine(quiet());
    auto spaced = record(event_id(1));
    spaced.insert(1, "\n  ");
    spaced.insert(spaced.size() - 1, R"( , "note" : "two  spaces, a \" quote and a \\ stay" )");
    engine.store(spaced);
    auto compact = record(event_id(1));
    compact.insert(compact.size() - 1, R"(,"note":"two  spaces, a \" quote and a \\ stay")");
    EXPECT_EQ(engine.lookup("{}").json().find("Events")->as_array().at(0).text("CloudTrailEvent"), compact);
}

TEST(LookupEvents, BothTargetsAreUnderstood) {
    FakeEngine engine(quiet());
    for (const auto* target :
         {"CloudTrail_20131101.LookupEvents", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"})
        EXPECT_EQ(
            engine.call(FakeEngine::request("POST", "/", "{}", "cloudtrail", "us-east-1", {{"X-Amz-Target", target}}))
                .response.status,
            200);
}

TEST(LookupEvents, SeesOneAccountAndOneRegion) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1)));
    engine.store(record(event_id(2), "RunInstances", "2026-01-02T03:04:05Z", "eu-west-1"));
    engine.store(record(event_id(3), "RunInstances", "2026-01-02T03:04:05Z", "us-east-1", "444455556666"));
    EXPECT_EQ(ids(engine.lookup("{}")), std::vector{event_id(1)});
    EXPECT_EQ(ids(engine.lookup("{}", "eu-west-1")), std::vector{event_id(2)});
    EXPECT_EQ(ids(engine.lookup("{}", "eu-central-1")), std::vector<std::string>());
}

TEST(LookupEvents, CategoriesDependOnTheSettingAndTheParameter) {
    for (const bool management_only : {false, true}) {
        auto settings = quiet();
        settings.lookup_management_only = management_only;
        FakeEngine engine(settings);
        engine.store(record(event_id(1)));
        engine.store(record(event_id(2), "GetObject", "2026-01-02T03:04:06Z", "us-east-1", "111122223333", "Data"));
        engine.store(
            record(event_id(3), "Reach", "2026-01-02T03:04:07Z", "us-east-1", "111122223333", "NetworkActivity"));
        const auto both = std::vector{event_id(2), event_id(1)};
        EXPECT_EQ(ids(engine.lookup("{}")), management_only ? std::vector{event_id(1)} : both);
        EXPECT_EQ(ids(engine.lookup(R"({"EventCategory":"insight"})")), std::vector<std::string>());
    }
}

TEST(LookupEvents, EveryAttributeFindsItsEvents) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1)));
    engine.store(record(event_id(2), "StopInstances", "2026-01-02T03:04:06Z"));
    const struct {
        const char* key;
        std::string value;
        std::size_t found;
    } cases[] = {
        {"EventId", event_id(2), 1},
        {"EventName", "StopInstances", 1},
        {"EventName", "stopInstances", 0},
        {"EventSource", "ec2.amazonaws.com", 2},
        {"Username", "ana", 2},
        {"Username", "Ana", 0},
        {"AccessKeyId", "AKIAEXAMPLE000000002", 2},
        {"ReadOnly", "false", 2},
        {"ReadOnly", "False", 2},
        {"ReadOnly", "true", 0},
        {"ResourceName", "i-0", 0},
        {"ResourceType", "AWS::EC2::Instance", 0},
        {"EventName", "a \\\"b\\\" \\\\ c) or (", 0},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.value);
        const auto answer = engine.lookup(R"({"LookupAttributes":[{"AttributeKey":")" + std::string(row.key) +
                                          R"(","AttributeValue":")" + row.value + R"("}]})");
        EXPECT_EQ(answer.response.status, 200) << answer.response.body;
        EXPECT_EQ(ids(answer).size(), row.found);
    }
}

TEST(LookupEvents, TimesAreInclusiveNumbersOrText) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 6; ++i)
        engine.store(record(event_id(i), "RunInstances", "2026-01-02T03:04:0" + std::to_string(i) + "Z"));
    const auto expected = std::vector{event_id(4), event_id(3), event_id(2)};
    EXPECT_EQ(ids(engine.lookup(R"({"StartTime":1767323042,"EndTime":1767323044})")), expected);
    EXPECT_EQ(ids(engine.lookup(R"({"StartTime":1767323041.5,"EndTime":1767323044.0})")), expected);
    EXPECT_EQ(ids(engine.lookup(R"({"StartTime":"2026-01-02T03:04:02Z","EndTime":"2026-01-02T03:04:04Z"})")), expected);
    EXPECT_EQ(ids(engine.lookup(R"({"StartTime":-62135596800})")).size(), 6u);
}

TEST(LookupEvents, EveryDocumentedErrorIsAnswered) {
    FakeEngine engine(quiet());
    const std::string long_value(2001, 'x'), heavy_value(1001, '_');
    const auto attribute = [](const std::string& key, const std::string& value) {
        return R"({"LookupAttributes":[{"AttributeKey":")" + key + R"(","AttributeValue":")" + value + R"("}]})";
    };
    const struct {
        std::string body;
        const char* code;
    } cases[] = {
        {R"({"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":"a"},{"AttributeKey":"EventId","AttributeValue":"b"}]})",
         "InvalidLookupAttributesException"},
        {attribute("Nonsense", "a"), "InvalidLookupAttributesException"},
        {attribute("eventName", "a"), "InvalidLookupAttributesException"},
        {attribute("EventName", ""), "InvalidLookupAttributesException"},
        {attribute("EventName", long_value), "InvalidLookupAttributesException"},
        {attribute("EventName", heavy_value), "InvalidLookupAttributesException"},
        {attribute("ReadOnly", "maybe"), "InvalidLookupAttributesException"},
        {R"({"LookupAttributes":[{"AttributeKey":"EventId"}]})", "InvalidLookupAttributesException"},
        {R"({"EventCategory":"insight","LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"a"}]})",
         "InvalidLookupAttributesException"},
        {R"({"EventCategory":"management"})", "InvalidEventCategoryException"},
        {R"({"StartTime":2000000000,"EndTime":1000000000})", "InvalidTimeRangeException"},
        {R"({"StartTime":1e15})", "InvalidTimeRangeException"},
        {R"({"MaxResults":0})", "InvalidMaxResultsException"},
        {R"({"MaxResults":51})", "InvalidMaxResultsException"},
        {R"({"NextToken":"nonsense"})", "InvalidNextTokenException"},
        {R"({"NextToken":""})", "InvalidNextTokenException"},
        {R"({"MaxResults":"5"})", "SerializationException"},
        {R"([])", "SerializationException"},
        {R"({"MaxResults":)", "SerializationException"},
        {"\xff\xfe", "SerializationException"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.body.substr(0, 100));
        const auto answer = engine.lookup(row.body);
        EXPECT_EQ(answer.response.status, 400);
        EXPECT_EQ(answer.json().text("__type"), row.code);
        EXPECT_FALSE(answer.json().text("message").empty());
    }
    EXPECT_EQ(engine.lookup(attribute("EventName", std::string(2000, 'x'))).response.status, 200);
    EXPECT_EQ(engine.lookup(R"({"LookupAttributes":null,"MaxResults":null,"Extra":{}})").response.status, 200);
}

TEST(LookupEvents, ChecksComeInTheOrderOfTheService) {
    FakeEngine engine(quiet());
    auto& stranger = engine.caller("nobody");
    stranger.policies.clear();
    const auto code = [&](std::string body, const char* target, const char* key) {
        auto request = FakeEngine::request("POST", "/", std::move(body), "cloudtrail", "us-east-1",
                                           {{"X-Amz-Target", target}, {"X-Test-Key", key}});
        return std::string(engine.call(std::move(request)).json().text("__type"));
    };
    constexpr auto target = "CloudTrail_20131101.LookupEvents", unknown = "CloudTrail_20131101.Nonsense";
    EXPECT_EQ(code("{", unknown, "absent"), "UnrecognizedClientException");
    EXPECT_EQ(code("{", unknown, "nobody"), "UnknownOperationException");
    EXPECT_EQ(code("{", target, "nobody"), "SerializationException");
    EXPECT_EQ(code(R"({"MaxResults":99})", target, "nobody"), "AccessDeniedException");
    EXPECT_EQ(code(R"({"MaxResults":99})", target, "admin"), "InvalidMaxResultsException");
}

TEST(LookupEvents, PagesHoldEveryEventOnceAndTokensBelongToTheirRequest) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 25; ++i)
        engine.store(record(event_id(i), "RunInstances", "2026-01-02T03:04:" + std::to_string(10 + i) + "Z"));
    std::vector<std::string> found;
    std::string token;
    do {
        const auto answer = engine.lookup(token.empty() ? R"({"MaxResults":10})"
                                                        : R"({"MaxResults":7,"NextToken":")" + token + R"("})");
        ASSERT_EQ(answer.response.status, 200) << answer.response.body;
        for (auto& id : ids(answer)) found.push_back(std::move(id));
        const bool first = token.empty();
        token = answer.json().text("NextToken");
        if (!first) continue;
        engine.store(record(event_id(99), "RunInstances", "2026-01-02T03:05:00Z"));  // must not move the pages
        const auto other =
            engine.lookup(R"({"NextToken":")" + token +
                          R"(","LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"a"}]})");
        EXPECT_EQ(other.json().text("__type"), "InvalidNextTokenException");
        EXPECT_EQ(engine.lookup(R"({"NextToken":")" + token + "\"}", "eu-west-1").json().text("__type"),
                  "InvalidNextTokenException");
    } while (!token.empty());
    std::vector<std::string> expected;
    for (int i = 24; i >= 0; --i) expected.push_back(event_id(i));
    EXPECT_EQ(found, expected);
}

TEST(LookupToken, EveryChangedByteIsNoticed) {
    const Lookup lookup{
        .attribute_key = "EventName", .attribute_value = "a", .start = from_milliseconds(5), .end = {}, .token = {}};
    const LookupToken token{.history = "inner", .window_start = from_milliseconds(-7)};
    const auto text = encode_lookup_token(token, lookup, "111122223333", "us-east-1");
    const auto decoded = decode_lookup_token(text, lookup, "111122223333", "us-east-1");
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->history, "inner");
    EXPECT_EQ(decoded->window_start, token.window_start);
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto damaged = text;
        damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(decode_lookup_token(damaged, lookup, "111122223333", "us-east-1").has_value()) << at;
        EXPECT_FALSE(decode_lookup_token(text.substr(0, at), lookup, "111122223333", "us-east-1").has_value()) << at;
    }
}

TEST(LookupEvents, TheWindowHidesOldEventsOnAllPages) {
    auto settings = quiet();
    settings.lookup_window = std::chrono::hours(1);
    FakeEngine engine(settings);
    engine.store(record(event_id(1), "Old", "2026-01-02T02:59:59Z"));
    engine.store(record(event_id(2), "Edge", "2026-01-02T03:00:00Z"));
    engine.store(record(event_id(3), "New", "2026-01-02T03:30:00Z"));
    const auto first = engine.lookup(R"({"MaxResults":1,"StartTime":0})");
    EXPECT_EQ(ids(first), std::vector{event_id(3)});
    engine.clock.advance(std::chrono::minutes(20));
    const auto second = engine.lookup(R"({"MaxResults":1,"StartTime":0,"NextToken":")" +
                                      std::string(first.json().text("NextToken")) + R"("})");
    EXPECT_EQ(ids(second), std::vector{event_id(2)});
    EXPECT_EQ(ids(engine.lookup("{}")), std::vector{event_id(3)});
}

TEST(LookupEvents, ThrottlesEachAccountAndRegionWhenAsked) {
    auto settings = quiet();
    settings.lookups_per_second = 2;
    FakeEngine engine(settings);
    EXPECT_EQ(engine.lookup("{}").response.status, 200);
    EXPECT_EQ(engine.lookup("{}").response.status, 200);
    const auto third = engine.lookup("{}");
    EXPECT_EQ(third.response.status, 400);
    EXPECT_EQ(third.json().text("__type"), "ThrottlingException");
    EXPECT_EQ(third.json().text("message"), "Rate exceeded");
    EXPECT_EQ(engine.lookup("{}", "eu-west-1").response.status, 200);
    engine.clock.advance(std::chrono::milliseconds(500));
    EXPECT_EQ(engine.lookup("{}").response.status, 200);
}

TEST(LookupEvents, TroubleInsideIsNotShownToTheCaller) {
    FakeEngine engine(quiet());
    engine.history.failure = fail(Code::corrupt, "secret/path is damaged");
    const auto damaged = engine.lookup("{}");
    EXPECT_EQ(damaged.response.status, 500);
    EXPECT_EQ(damaged.json().text("__type"), "InternalFailure");
    EXPECT_EQ(damaged.response.body.find("secret"), std::string::npos);
    engine.history.failure = fail(Code::unavailable, "closing");
    EXPECT_EQ(engine.lookup("{}").response.status, 503);
}
