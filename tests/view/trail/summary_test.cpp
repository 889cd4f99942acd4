#include "view/trail/summary.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cairn::trail {
namespace {

const Summary::Place place{"trail-id", "111122223333", "us-east-1", *parse_time("2026-01-02T03:05:00Z")};
const std::vector all = {SummaryTemplate::api_activity, SummaryTemplate::resource_access,
                         SummaryTemplate::user_actions};

/// A data event, and what its view points into.
class Read {
public:
    Read(const char* name, const char* user, const char* object)
        : text_(fmt::format(
              R"({{"eventVersion":"1.09","eventTime":"2026-01-02T03:07:08Z","eventSource":"s3.amazonaws.com","eventName":"{}","awsRegion":"us-east-1",)"
              R"("userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/{}"}},"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli",)"
              R"("resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/{}"}}],"eventID":"1","recipientAccountId":"111122223333","eventCategory":"Data"}})",
              name, user, object)) {
        text_.reserve(text_.size() + RecordParser::padding);
    }
    const EventView& view() { return **parser_.parse(text_); }

private:
    std::string text_;
    RecordParser parser_;
};

TEST(Summary, CountsTheValuesOfEachTemplate) {
    Summary summary(place);
    EXPECT_TRUE(summary.empty());
    summary.add(7, Read("GetObject", "ana", "one").view(), {SummaryTemplate::api_activity});
    summary.add(9, Read("GetObject", "bob", "one").view(), {SummaryTemplate::api_activity});
    summary.add(12, Read("GetObject", "bob", "two").view(), {SummaryTemplate::api_activity});
    EXPECT_EQ(summary.from(), 7u);
    EXPECT_EQ(summary.to(), 13u);
    const auto records = summary.records();
    ASSERT_EQ(records.size(), 1u);
    auto json = *parse_json(records.front());
    EXPECT_EQ(json.text("eventId").size(), 36u);
    json.set("eventId", "");
    EXPECT_EQ(
        to_text(json),
        R"({"eventVersion":"1.0","accountId":"111122223333","eventId":"","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-east-1",)"
        R"("eventSource":"s3.amazonaws.com","timeWindow":{"windowStart":"2026-01-02T03:05:00Z","windowEnd":"2026-01-02T03:10:00Z","windowSize":"PT5M"},)"
        R"("summary":{"primaryDimension":{"dimension":"eventName","statistics":[{"name":"GetObject","value":3}],"aggregationType":"Count"},"details":[)"
        R"({"dimension":"resourceARN","statistics":[{"name":"arn:aws:s3:::b/one","value":2},{"name":"arn:aws:s3:::b/two","value":1}],"aggregationType":"Count"},)"
        R"({"dimension":"userIdentity","statistics":[{"name":"IAMUser:arn:aws:iam::111122223333:user/bob","value":2},{"name":"IAMUser:arn:aws:iam::111122223333:user/ana","value":1}],"aggregationType":"Count"},)"
        R"({"dimension":"userAgent","statistics":[{"name":"aws-cli","value":3}],"aggregationType":"Count"},)"
        R"({"dimension":"sourceIpAddress","statistics":[{"name":"192.0.2.1","value":3}],"aggregationType":"Count"}]}})");
    RecordParser parser;
    auto text = records.front();
    text.reserve(text.size() + RecordParser::padding);
    const auto parsed = parser.parse(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ((*parsed)->category, Category::aggregated);
}

TEST(Summary, EachPrimaryValueHasARecordAndTheSameEventsGiveTheSame) {
    const auto made = [] {
        Summary summary(place);
        summary.add(1, Read("GetObject", "ana", "one").view(), all);
        summary.add(2, Read("PutObject", "ana", "two").view(), all);
        return summary.records();
    };
    EXPECT_EQ(made().size(), 2u + 2u + 1u);
    EXPECT_EQ(made(), made());
    Summary later(place);
    later.add(3, Read("GetObject", "ana", "one").view(), all);
    EXPECT_EQ(std::ranges::count(made(), later.records().front()), 0) << "what comes late has ids of its own";
}

TEST(Summary, DetailsHoldTheMostFrequentValuesAndAFullOneSaysSo) {
    Summary summary(place);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < Summary::values_max + 50; ++i)
        summary.add(number++, Read("GetObject", "ana", fmt::format("{:03}", i).c_str()).view(),
                    {SummaryTemplate::api_activity});
    summary.add(number++, Read("GetObject", "ana", "149").view(), {SummaryTemplate::api_activity});
    const auto json = *parse_json(summary.records().front());
    const auto& resources = json.find("summary")->find("details")->as_array().front().find("statistics")->as_array();
    EXPECT_EQ(resources.size(), Summary::values_max);
    EXPECT_EQ(resources.front().text("name"), "arn:aws:s3:::b/149");
    EXPECT_FALSE(summary.full());
    while (!summary.full()) {
        ASSERT_LT(number, 100'000u);
        summary.add(number, Read("GetObject", "ana", fmt::format("x{}", number).c_str()).view(), all);
        ++number;
    }
}

TEST(Summary, WindowsAndTemplatesAreRead) {
    EXPECT_EQ(format_time(window_of(*parse_time("2026-01-02T03:09:59.999Z"))), "2026-01-02T03:05:00Z");
    EXPECT_EQ(format_time(window_of(*parse_time("2026-01-02T03:10:00Z"))), "2026-01-02T03:10:00Z");
    EXPECT_EQ(templates_of(*parse_json(R"([{"EventCategory":"Data","Templates":["USER_ACTIONS","API_ACTIVITY"]}])")),
              (std::vector{SummaryTemplate::api_activity, SummaryTemplate::user_actions}));
    EXPECT_TRUE(templates_of(Json()).empty());
}

}  // namespace
}  // namespace cairn::trail
