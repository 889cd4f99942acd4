#include "cli/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "event/record.h"

namespace cairn::cli {
namespace {

const std::string first = "111122223333";

GenerateOptions options(std::uint64_t count, std::uint64_t seed = 1) {
    return {.count = count,
            .seed = seed,
            .from = *parse_time("2026-11-16T16:00:00Z"),
            .to = *parse_time("2026-11-21T16:00:00Z"),
            .accounts = {first, "444455556666"}};
}

std::vector<std::string> records(const GenerateOptions& options) {
    std::vector<std::string> made;
    generate(options, [&](std::string_view record) { made.emplace_back(record); });
    return made;
}

/// Calls `use` with the view of each record; every one must be accepted.
template <class Use>
void for_each_view(const std::vector<std::string>& made, Use&& use) {
    RecordParser parser;
    for (auto record : made) {
        SCOPED_TRACE(record);
        record.append(RecordParser::padding, '\0');
        const auto view = parser.parse(std::string_view(record).substr(0, record.size() - RecordParser::padding));
        ASSERT_TRUE(view) << view.error().message;
        use(**view);
    }
}

TEST(Generate, EveryRecordIsAccepted) {
    for (const std::uint64_t seed : {1, 77}) {
        const auto wanted = options(10'000, seed);
        const auto made = records(wanted);
        ASSERT_EQ(made.size(), 10'000u);
        std::set<std::string> ids;
        auto before = wanted.from;
        std::map<std::string, int> names, errors, types;
        for_each_view(made, [&](const EventView& event) {
            EXPECT_TRUE(ids.emplace(event.event_id).second) << "eventID is there twice";
            EXPECT_EQ(event.flags, 0u);
            EXPECT_GE(event.time, std::chrono::floor<std::chrono::seconds>(before));
            EXPECT_LE(event.time, wanted.to);
            EXPECT_LE(event.raw.size(), 8'000u);
            EXPECT_EQ(event.session_issuer_arn.empty(), event.identity_type != "AssumedRole");
            before = event.time;
            ++names[std::string(event.event_name)];
            ++types[std::string(event.identity_type)];
            if (!event.error_code.empty()) ++errors[std::string(event.error_code)];
        });
        EXPECT_GE(names.size(), 45u);
        EXPECT_GE(errors.size(), 15u);
        for (const auto* type : {"IAMUser", "AssumedRole", "Root", "AWSService"}) EXPECT_GT(types[type], 0) << type;
    }
}

TEST(Generate, TheFirstCommandsFindSomething) {
    const struct {
        const char *attribute, *value, *region;
    } lookups[] = {
        {"EventName", "ConsoleLogin", "us-east-1"},
        {"EventName", "StopInstances", "eu-west-1"},
        {"EventName", "StopInstances", "us-east-1"},
        {"Username", "stevenzh", "us-east-1"},
        {"EventName", "CreateBucket", "us-west-2"},
        {"EventName", "CreateBucket", "us-east-1"},
        {"EventName", "CreateRole", "us-east-1"},
        {"EventName", "RunInstances", "us-east-1"},
        {"EventName", "CreateStack", "us-west-2"},
        {"EventName", "CreateStack", "us-east-1"},
        {"EventName", "AuthorizeSecurityGroupIngress", "eu-west-1"},
        {"EventName", "AuthorizeSecurityGroupIngress", "us-east-1"},
        {"EventName", "UpdateCostAllocation", "us-east-1"},
        {"EventName", "CreateAccessKey", "us-east-1"},
        {"EventName", "Invoke", "us-east-1"},
        {"EventName", "AuthenticateMFA", "eu-west-1"},
        {"EventName", "AuthenticateMFA", "us-east-1"},
        {"EventName", "PutMetricAlarm", "us-east-1"},
        {"EventName", "CreateDBSnapshot", "us-west-1"},
        {"EventName", "CreateDBSnapshot", "us-east-1"},
    };
    for (const std::uint64_t count : {200, 2'000}) {
        for (const std::uint64_t seed : {1, 2, 3}) {
            std::map<std::tuple<std::string, std::string, std::string>, int> found;
            for_each_view(records(options(count, seed)), [&](const EventView& event) {
                if (event.account != first) return;
                ++found[{"EventName", std::string(event.event_name), std::string(event.region)}];
                ++found[{"Username", std::string(event.username), std::string(event.region)}];
            });
            for (const auto& row : lookups) {
                SCOPED_TRACE(std::to_string(count) + " events: " + row.value + " in " + row.region);
                EXPECT_GE((found[{row.attribute, row.value, row.region}]), 5);
            }
        }
    }
}

TEST(Generate, IsDeterministic) {
    const auto made = records(options(500));
    EXPECT_EQ(made, records(options(500)));

    // Another set of options never brings an eventID again: loading both makes no conflicts.
    const auto ids = [](const std::vector<std::string>& records) {
        std::set<std::string> found;
        for_each_view(records, [&](const EventView& event) { found.emplace(event.event_id); });
        return found;
    };
    auto later = options(500);
    later.to += std::chrono::seconds(1);
    auto both = ids(made);
    both.merge(ids(records(options(500, 2))));
    both.merge(ids(records(later)));
    EXPECT_EQ(both.size(), 1500u);
}

TEST(Generate, MembersStandInTheOrderOfTheService) {
    const std::vector<std::string> order = {"eventVersion",
                                            "userIdentity",
                                            "eventTime",
                                            "eventSource",
                                            "eventName",
                                            "awsRegion",
                                            "sourceIPAddress",
                                            "userAgent",
                                            "errorCode",
                                            "errorMessage",
                                            "requestParameters",
                                            "responseElements",
                                            "additionalEventData",
                                            "requestID",
                                            "eventID",
                                            "readOnly",
                                            "resources",
                                            "eventType",
                                            "apiVersion",
                                            "managementEvent",
                                            "recipientAccountId",
                                            "sharedEventID",
                                            "serviceEventDetails",
                                            "vpcEndpointId",
                                            "eventCategory",
                                            "tlsDetails",
                                            "sessionCredentialFromConsole"};
    std::set<std::string> seen;
    for (const auto& record : records(options(3'000))) {
        SCOPED_TRACE(record);
        const auto json = parse_json(record);
        ASSERT_TRUE(json);
        auto place = order.begin();
        for (const auto& [name, value] : json->as_object()) {
            place = std::find(place, order.end(), name);
            ASSERT_NE(place, order.end()) << name;
            seen.insert(name);
        }
        for (const auto* always : {"requestParameters", "responseElements"})
            EXPECT_TRUE(
                std::ranges::any_of(json->as_object(), [&](const auto& member) { return member.first == always; }));
        EXPECT_TRUE(json->text("errorCode").empty() || json->find("responseElements") == nullptr);
    }
    EXPECT_EQ(seen.size(), order.size());  // each of them occurs
}

TEST(Generate, OddOptions) {
    EXPECT_TRUE(records({}).size() == 1000);
    EXPECT_TRUE(records({.count = 0, .seed = 1, .from = {}, .to = {}, .accounts = {}}).empty());
    auto backwards = options(50);
    std::swap(backwards.from, backwards.to);
    for_each_view(records(backwards), [&](const EventView& event) { EXPECT_EQ(event.time, backwards.from); });
}

}  // namespace
}  // namespace cairn::cli
