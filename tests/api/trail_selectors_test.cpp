#include "api/trail_selectors.h"

#include <gtest/gtest.h>

#include "api/trail_calls.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::api {
namespace {

/// One bucket, open or not.
class OneBucket final : public DeliveryStore {
public:
    Result<void> check(const DeliveryCaller&, const std::string&) override { return {}; }
    Result<void> put(const DeliveryCaller&, const std::string&, const std::string&, const DeliveryObject&) override {
        return open ? Result<void>() : fail(Code::denied, "AccessDenied: no");
    }
    bool open = true;
};

class TrailSelectors : public ::testing::Test {
protected:
    TrailSelectors() {
        EXPECT_EQ(ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs","IsMultiRegionTrail":true})").front(), '{');
    }

    /// The answer as JSON text, or "CODE: message".
    std::string ask(const std::string& operation, const std::string& input, const std::string& region = "us-east-1") {
        Call call;
        call.received = clock_.now();
        call.caller.principal.account = "111122223333";
        call.caller.region = region;
        const auto json = parse_json(input);
        EXPECT_TRUE(json) << input;
        const auto answer = find_trail_operation(operation)(services_, call, *json);
        clock_.advance(std::chrono::seconds(1));
        return answer ? to_text(*answer) : answer.error().code + ": " + answer.error().message;
    }

    /// The same without the message.
    std::string code(const std::string& operation, const std::string& input) {
        const auto answer = ask(operation, input);
        return answer.substr(0, answer.find(':'));
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    trail::Trails trails_{store_, clock_};
    sign::SecretBox box_{std::string(32, 'k')};
    trail::SigningKeys keys_{store_, box_};
    OneBucket bucket_;
    TrailServices services_{
        .trails = trails_, .keys = keys_, .store = store_, .buckets = bucket_, .regions = {"us-east-1", "eu-west-1"}};
};

const std::string arn = R"("TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one")";
const std::string standard =
    R"([{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}])";
const std::string data =
    R"([{"ReadWriteType":"ReadOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],"ExcludeManagementEventSources":[]}])";
const std::string advanced = R"([{"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}])";

TEST_F(TrailSelectors, ReadBackAndReplaceEachOther) {
    EXPECT_EQ(ask("GetEventSelectors", R"({"TrailName":"one"})"), "{" + arn + R"(,"EventSelectors":)" + standard + "}");
    EXPECT_NE(ask("GetTrail", R"({"Name":"one"})").find(R"("HasCustomEventSelectors":false)"), std::string::npos);

    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":[{}]})"),
              "{" + arn + R"(,"EventSelectors":)" + standard + "}");
    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":)" + data + "}"),
              "{" + arn + R"(,"EventSelectors":)" + data + "}");
    EXPECT_EQ(ask("GetEventSelectors", R"({"TrailName":"one"})", "eu-west-1"),
              "{" + arn + R"(,"EventSelectors":)" + data + "}");

    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","AdvancedEventSelectors":)" + advanced + "}"),
              "{" + arn + R"(,"AdvancedEventSelectors":)" + advanced + "}");
    EXPECT_EQ(ask("GetEventSelectors", R"({"TrailName":"one"})"),
              "{" + arn + R"(,"AdvancedEventSelectors":)" + advanced + "}");
    EXPECT_NE(ask("GetTrail", R"({"Name":"one"})").find(R"("HasCustomEventSelectors":true)"), std::string::npos);
    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":)" + data + "}"),
              "{" + arn + R"(,"EventSelectors":)" + data + "}");
    EXPECT_EQ(ask("GetEventSelectors", R"({"TrailName":"one"})"), "{" + arn + R"(,"EventSelectors":)" + data + "}");
}

TEST_F(TrailSelectors, EventSelectorsAreRefused) {
    const struct {
        std::string input;
        const char* answer;
    } cases[] = {
        {R"({"TrailName":"one"})",
         "InvalidEventSelectorsException: Either EventSelectors or AdvancedEventSelectors must be given, not both."},
        {R"({"TrailName":"one","EventSelectors":[{}],"AdvancedEventSelectors":)" + advanced + "}",
         "InvalidEventSelectorsException: Either EventSelectors or AdvancedEventSelectors must be given, not both."},
        {R"({"TrailName":"one","EventSelectors":[]})",
         "InvalidEventSelectorsException: A trail has 1 to 5 event selectors, not 0."},
        {R"({"TrailName":"one","EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::*"]}]}]})",
         "InvalidEventSelectorsException: Value arn:aws:s3:::* for DataResources.Values is invalid."},
        {R"({"TrailName":"one","AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Nothing"]}]}]})",
         "InvalidEventSelectorsException: Value Nothing for field eventCategory is invalid."},
        {R"({"TrailName":"two","EventSelectors":[{}]})",
         "TrailNotFoundException: Unknown trail: arn:aws:cloudtrail:us-east-1:111122223333:trail/two for the user: "
         "111122223333"},
    };
    for (const auto& row : cases) EXPECT_EQ(ask("PutEventSelectors", row.input), row.answer);
    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":[{}]})", "eu-west-1"),
              "InvalidHomeRegionException: The home Region of trail "
              "arn:aws:cloudtrail:us-east-1:111122223333:trail/one is us-east-1: it can be changed only there.");
    EXPECT_EQ(ask("GetEventSelectors", R"({"TrailName":"one"})"), "{" + arn + R"(,"EventSelectors":)" + standard + "}")
        << "nothing changed";
}

TEST_F(TrailSelectors, InsightsAreTurnedOnAndOff) {
    const std::string both =
        R"([{"InsightType":"ApiErrorRateInsight"},{"InsightType":"ApiCallRateInsight","EventCategories":["Management"]}])";
    const std::string off =
        "InsightNotEnabledException: Trail arn:aws:cloudtrail:us-east-1:111122223333:trail/one does not have Insights "
        "enabled.";
    EXPECT_EQ(ask("GetInsightSelectors", R"({"TrailName":"one"})"), off);
    EXPECT_EQ(ask("PutInsightSelectors", R"({"TrailName":"one","InsightSelectors":)" + both + "}"),
              "{" + arn + R"(,"InsightSelectors":)" + both + "}");
    EXPECT_EQ(ask("GetInsightSelectors", R"({"TrailName":"one"})", "eu-west-1"),
              "{" + arn + R"(,"InsightSelectors":)" + both + "}");
    EXPECT_NE(ask("GetTrail", R"({"Name":"one"})").find(R"("HasInsightSelectors":true)"), std::string::npos);
    bucket_.open = false;
    EXPECT_EQ(ask("PutInsightSelectors", R"({"TrailName":"one","InsightSelectors":)" + both + "}"),
              "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: logs");
    EXPECT_EQ(ask("PutInsightSelectors", R"({"TrailName":"one","InsightSelectors":[]})"),
              "{" + arn + R"(,"InsightSelectors":[]})");
    EXPECT_EQ(ask("GetInsightSelectors", R"({"TrailName":"one"})"), off);
}

TEST_F(TrailSelectors, InsightsNeedTheirEventsAndOneName) {
    const auto put = [&](const std::string& list) {
        return code("PutInsightSelectors", R"({"TrailName":"one","InsightSelectors":)" + list + "}");
    };
    EXPECT_EQ(put(R"([{"InsightType":"ApiCallRateInsight","EventCategories":["Data"]}])"),
              "InvalidInsightSelectorsException");
    EXPECT_EQ(put(R"([{"InsightType":"Sometimes"}])"), "InvalidInsightSelectorsException");
    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":)" + data + "}").front(), '{');
    EXPECT_EQ(put(R"([{"InsightType":"ApiCallRateInsight"}])"), "InvalidInsightSelectorsException");
    EXPECT_EQ(put(R"([{"InsightType":"ApiCallRateInsight","EventCategories":["Data"]}])").front(), '{');

    EXPECT_EQ(code("PutInsightSelectors", R"({"InsightSelectors":[]})"), "InvalidParameterCombinationException");
    EXPECT_EQ(code("PutInsightSelectors", R"({"TrailName":"one","EventDataStore":"abc","InsightSelectors":[]})"),
              "InvalidParameterCombinationException");
    EXPECT_EQ(code("PutInsightSelectors", R"({"TrailName":"one","InsightsDestination":"abc","InsightSelectors":[]})"),
              "InvalidParameterCombinationException");
    EXPECT_EQ(code("PutInsightSelectors", R"({"EventDataStore":"abc","InsightSelectors":[]})"),
              "UnsupportedOperationException");
    EXPECT_EQ(code("PutInsightSelectors", R"({"TrailName":"one"})"), "InvalidInsightSelectorsException");
    EXPECT_EQ(code("GetInsightSelectors", "{}"), "InvalidParameterCombinationException");
    EXPECT_EQ(code("GetInsightSelectors", R"({"TrailName":"two"})"), "TrailNotFoundException");
    EXPECT_EQ(ask("PutInsightSelectors", R"({"TrailName":"one","InsightSelectors":[]})", "eu-west-1").substr(0, 26),
              "InvalidHomeRegionException");
}

TEST_F(TrailSelectors, AggregationNeedsDataEvents) {
    const std::string templates = R"([{"Templates":["API_ACTIVITY","USER_ACTIONS"],"EventCategory":"Data"}])";
    const std::string put = R"({"TrailName":"one","AggregationConfigurations":)" + templates + "}";
    EXPECT_EQ(ask("GetEventConfiguration", R"({"TrailName":"one"})"),
              "{" + arn + R"(,"AggregationConfigurations":[]})");
    EXPECT_EQ(ask("PutEventConfiguration", put),
              "InvalidParameterException: AggregationConfigurations need a trail that logs data events.");
    EXPECT_EQ(ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":)" + data + "}").front(), '{');
    EXPECT_EQ(ask("PutEventConfiguration", put), "{" + arn + R"(,"AggregationConfigurations":)" + templates + "}");
    EXPECT_EQ(ask("GetEventConfiguration", R"({"TrailName":"one"})", "eu-west-1"),
              "{" + arn + R"(,"AggregationConfigurations":)" + templates + "}");
    EXPECT_EQ(ask("PutEventConfiguration", R"({"TrailName":"one","AggregationConfigurations":[]})"),
              "{" + arn + R"(,"AggregationConfigurations":[]})");
    EXPECT_EQ(ask("GetEventConfiguration", R"({"TrailName":"one"})"),
              "{" + arn + R"(,"AggregationConfigurations":[]})");
}

TEST_F(TrailSelectors, AggregationIsAsTheModelHasIt) {
    ask("PutEventSelectors", R"({"TrailName":"one","EventSelectors":)" + data + "}");
    const char* const wrong[] = {
        R"([{"Templates":["TOP_TEN"],"EventCategory":"Data"}])",
        R"([{"Templates":[],"EventCategory":"Data"}])",
        R"([{"Templates":["API_ACTIVITY"],"EventCategory":"Management"}])",
        R"([{"Templates":["API_ACTIVITY"]}])",
        R"([{"EventCategory":"Data"}])",
        R"([{}])",
        R"([{"Templates":["API_ACTIVITY"],"EventCategory":"Data"},{"Templates":["USER_ACTIONS"],"EventCategory":"Data"}])",
    };
    for (const auto* configurations : wrong)
        EXPECT_EQ(code("PutEventConfiguration",
                       std::string(R"({"TrailName":"one","AggregationConfigurations":)") + configurations + "}"),
                  "InvalidParameterException")
            << configurations;
    EXPECT_EQ(ask("PutEventConfiguration", R"({"TrailName":"one","AggregationConfigurations":[{"Templates":["x"],)"
                                           R"("EventCategory":"Data"}]})"),
              "InvalidParameterException: 1 validation error detected: Value 'x' at "
              "'aggregationConfigurations.1.member.templates.1.member' failed to satisfy constraint: Member must "
              "satisfy enum value set: [API_ACTIVITY, RESOURCE_ACCESS, USER_ACTIONS]");
    EXPECT_EQ(ask("GetEventConfiguration", R"({"TrailName":"one"})"),
              "{" + arn + R"(,"AggregationConfigurations":[]})");
}

TEST_F(TrailSelectors, EventConfigurationsNameATrailOrAStore) {
    const struct {
        const char* operation;
        const char* input;
        const char* code;
    } cases[] = {
        {"PutEventConfiguration", R"({"TrailName":"one"})", "InvalidParameterCombinationException"},
        {"PutEventConfiguration", R"({"TrailName":"one","AggregationConfigurations":[],"MaxEventSize":"Large"})",
         "InvalidParameterCombinationException"},
        {"PutEventConfiguration", R"({"TrailName":"one","EventDataStore":"abc","AggregationConfigurations":[]})",
         "InvalidParameterCombinationException"},
        {"PutEventConfiguration", R"({"EventDataStore":"abc","AggregationConfigurations":[]})",
         "InvalidParameterCombinationException"},
        {"PutEventConfiguration", R"({"MaxEventSize":"Large"})", "InvalidParameterCombinationException"},
        {"PutEventConfiguration", R"({"EventDataStore":"12345678-1234-1234-1234-123456789012","MaxEventSize":"Large"})",
         "EventDataStoreNotFoundException"},
        {"PutEventConfiguration", R"({"EventDataStore":"abc","MaxEventSize":"Large"})",
         "EventDataStoreARNInvalidException"},
        {"PutEventConfiguration", R"({"TrailName":"two","AggregationConfigurations":[]})", "TrailNotFoundException"},
        {"GetEventConfiguration", R"({})", "InvalidParameterCombinationException"},
        {"GetEventConfiguration", R"({"TrailName":"one","EventDataStore":"abc"})",
         "InvalidParameterCombinationException"},
        {"GetEventConfiguration",
         R"({"EventDataStore":"arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/12345678-1234-1234-1234-123456789012"})",
         "EventDataStoreNotFoundException"},
        {"GetEventConfiguration", R"({"EventDataStore":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one"})",
         "EventDataStoreARNInvalidException"},
    };
    for (const auto& row : cases) EXPECT_EQ(code(row.operation, row.input), row.code) << row.operation << row.input;
}

TEST_F(TrailSelectors, PoliciesSeeTheTrail) {
    Call call;
    call.caller.principal.account = "111122223333";
    call.caller.region = "eu-west-1";
    EXPECT_EQ(trail_resource("PutEventSelectors", call, *parse_json(R"({"TrailName":"one"})")),
              "arn:aws:cloudtrail:eu-west-1:111122223333:trail/one");
    EXPECT_EQ(trail_resource("GetEventConfiguration", call, *parse_json(R"({"EventDataStore":"abc"})")), "*");
}

}  // namespace
}  // namespace cairn::api
