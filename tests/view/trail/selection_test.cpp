#include "view/trail/selection.h"

#include <gtest/gtest.h>

#include "event/record_support.h"

namespace cairn::trail {
namespace {

using std::chrono::seconds;

const Time start = from_milliseconds(1'767'225'600'000);  // 2026-01-01T00:00:00Z

class SelectionTest : public ::testing::Test {
protected:
    static Trail trail(std::string name, std::string region = "us-east-1") {
        Trail made;
        made.name = made.id = std::move(name);
        made.account = "111122223333";
        made.home_region = std::move(region);
        made.bucket = "bucket";
        made.logging = true;
        made.started = start;
        return made;
    }

    void add(Trail trail) { add({{start, std::move(trail)}}); }
    void add(std::vector<TrailHistory::Version> versions) {
        snapshot_.trails.push_back(std::make_shared<const TrailHistory>(TrailHistory{std::move(versions), {}}));
    }

    /// Names of the trails that want an event of `members`, which comes in when it happens.
    std::string selected(const std::string& members, seconds after = seconds(60), Inlet inlet = Inlet::live) {
        const Selection selection(snapshot_);
        Envelope envelope;
        envelope.ingest_time = start + after;
        envelope.inlet = inlet;
        const auto time = after == seconds(60) ? "00:01:00" : "00:02:00";
        const auto& event = parse_.view(R"({"eventTime":"2026-01-01T)" + std::string(time) + "Z\"," + members + "}");
        std::vector<Selection::Hit> hits;
        selection.select(event, envelope, hits);
        std::string names;
        for (const auto& hit : hits) names += (names.empty() ? "" : " ") + hit.trail->name;
        return names;
    }

    static std::string event(const std::string& source, const std::string& name, const std::string& more = "",
                             const std::string& region = "us-east-1", const std::string& account = "111122223333") {
        return R"("eventSource":")" + source + R"(.amazonaws.com","eventName":")" + name + R"(","awsRegion":")" +
               region + R"(","recipientAccountId":")" + account + "\"" + more;
    }

    Trails::Snapshot snapshot_;
    Parse parse_;
};

const std::string object =
    R"(,"eventCategory":"Data","resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket/key"}])";

TEST_F(SelectionTest, EveryTrailIsAskedWithItsSelectors) {
    add(trail("plain"));
    auto data = trail("data");
    data.event_selectors = *parse_json(
        R"([{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}])");
    add(data);
    data.name = data.id = "same";
    add(data);
    auto network = trail("network");
    network.advanced_event_selectors = *parse_json(
        R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["s3.amazonaws.com"]}]}])");
    add(network);
    auto insight = trail("insight");
    insight.insight_selectors = *parse_json(R"([{"InsightType":"ApiCallRateInsight"}])");
    add(insight);
    auto aggregated = trail("aggregated");
    aggregated.event_selectors = data.event_selectors;
    aggregated.aggregation = *parse_json(R"([{"EventCategory":"Data","Templates":["API_ACTIVITY"]}])");
    add(aggregated);

    EXPECT_EQ(selected(event("ec2", "RunInstances")), "plain insight");
    EXPECT_EQ(selected(event("s3", "GetObject", object)), "data same aggregated");
    EXPECT_EQ(selected(event("s3", "GetObject", R"(,"eventCategory":"NetworkActivity")")), "network");
    EXPECT_EQ(selected(event("ec2", "X",
                             R"(,"eventCategory":"Insight","insightDetails":{"insightType":"ApiCallRateInsight"})")),
              "insight");
    EXPECT_EQ(selected(event("s3", "X",
                             R"(,"eventCategory":"Aggregated","timeWindow":{"windowStart":"2026-01-01T00:01:00Z"})")),
              "aggregated");
}

TEST_F(SelectionTest, RegionsAndAccounts) {
    add(trail("east"));
    add(trail("west", "eu-west-1"));
    auto all = trail("all", "eu-west-1");
    all.multi_region = true;
    add(all);
    auto other = trail("other");
    other.account = "999999999999";
    add(other);
    EXPECT_EQ(selected(event("ec2", "RunInstances")), "east all");
    EXPECT_EQ(selected(event("ec2", "RunInstances", "", "eu-west-1")), "west all");
    EXPECT_EQ(selected(event("ec2", "RunInstances", "", "ap-south-1")), "all");
    EXPECT_EQ(selected(event("ec2", "RunInstances", "", "us-east-1", "999999999999")), "other");
    EXPECT_EQ(selected(event("ec2", "RunInstances", "", "us-east-1", "000000000000")), "");
}

TEST_F(SelectionTest, GlobalServiceEventsOnlyWhereTheyAreIncluded) {
    add(trail("with"));
    auto without = trail("without");
    without.global_events = false;
    add(without);
    auto west = trail("west", "eu-west-1");
    west.global_events = false;
    add(west);
    for (const char* source : {"iam", "sts", "cloudfront", "route53", "organizations"})
        EXPECT_EQ(selected(event(source, "X")), "with") << source;
    EXPECT_EQ(selected(event("ec2", "X")), "with without");
    EXPECT_EQ(selected(event("sts", "X", "", "eu-west-1")), "west") << "a regional endpoint";
    EXPECT_EQ(selected(event("iam", "X", "", "eu-central-1")), "");
}

TEST_F(SelectionTest, RecursiveEventsCanBeLeftOut) {
    auto looping = trail("looping");
    looping.event_selectors =
        *parse_json(R"([{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}])");
    add(looping);
    auto calm = looping;
    calm.name = calm.id = "calm";
    calm.recursive_logging = false;
    add(calm);
    const std::string own = R"(,"userIdentity":{"type":"AWSService","invokedBy":"cloudtrail.amazonaws.com"})";
    EXPECT_EQ(selected(event("s3", "PutObject", object + own)), "looping");
    EXPECT_EQ(selected(event("logs", "PutLogEvents", own)), "looping");
    EXPECT_EQ(selected(event("s3", "PutObject", object)), "looping calm");
    EXPECT_EQ(selected(event("s3", "GetObject", object + own)), "looping calm");
    EXPECT_EQ(selected(event("kms", "GenerateDataKey", own)), "looping calm");
}

TEST_F(SelectionTest, TheVersionOfTheMomentOfIngestDecides) {
    auto before = trail("one"), after = trail("one");
    after.event_selectors = *parse_json(R"([{"ReadWriteType":"ReadOnly"}])");
    auto last = after;
    last.multi_region = true;
    add({{start, before}, {start + seconds(90), after}, {start + seconds(100), last}});
    EXPECT_EQ(selected(event("ec2", "X", R"(,"readOnly":false)")), "one");
    EXPECT_EQ(selected(event("ec2", "X", R"(,"readOnly":false)"), seconds(120)), "");
    EXPECT_EQ(selected(event("ec2", "X", R"(,"readOnly":true)"), seconds(120)), "one");
    EXPECT_EQ(selected(event("ec2", "X", R"(,"readOnly":true)", "eu-west-1"), seconds(120)), "one");
    EXPECT_EQ(selected(event("ec2", "X", R"(,"readOnly":true)", "eu-west-1")), "") << "it had one region then";
    EXPECT_EQ(selected(event("ec2", "X"), seconds(60), Inlet::import), "");
    EXPECT_EQ(selected(event("ec2", "X"), seconds(60), Inlet::replay), "");
}

TEST_F(SelectionTest, MoreThan64DifferentSelectorsInOneAccount) {
    for (int i = 0; i < 70; ++i) {
        auto made = trail("t" + std::to_string(i));
        made.advanced_event_selectors = *parse_json(
            R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"eventName","Equals":["N)" +
            std::to_string(i) + R"("]}]}])");
        add(made);
    }
    EXPECT_EQ(selected(event("s3", "N3", object)), "t3");
    EXPECT_EQ(selected(event("s3", "N69", object)), "t69");
    EXPECT_EQ(selected(event("s3", "N70", object)), "");
}

TEST_F(SelectionTest, StoredSelectorsThatCannotBeReadAreDamage) {
    auto damaged = trail("damaged");
    damaged.event_selectors = *parse_json(R"([{"ReadWriteType":"Sometimes"}])");
    const auto read = trail_from_json(to_json(damaged));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::corrupt);
    EXPECT_EQ(read.error().message,
              "the selectors of trail arn:aws:cloudtrail:us-east-1:111122223333:trail/damaged cannot be read: "
              "ReadWriteType must be All, ReadOnly or WriteOnly.");
}

}  // namespace
}  // namespace cairn::trail
