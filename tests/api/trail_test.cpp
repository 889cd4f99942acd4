#include "api/trail_calls.h"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/trail_input.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"
#include "view/trail/status.h"

namespace cairn::api {
namespace {

constexpr const char* account = "111122223333";

/// Buckets that are there, those whose policy lets the service in, and what was written.
class FakeBuckets final : public DeliveryStore {
public:
    Result<void> check(const DeliveryCaller&, const std::string& bucket) override { return may(bucket); }
    Result<void> put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                     const DeliveryObject&) override {
        CAIRN_TRY(may(bucket));
        callers.insert(caller.trail_arn);
        written.push_back(bucket + "/" + key);
        return {};
    }
    std::set<std::string> there{"logs", "other", "closed"}, open{"logs", "other"};
    std::vector<std::string> written;
    std::set<std::string> callers;

private:
    Result<void> may(const std::string& bucket) const {
        if (!there.contains(bucket)) return fail(Code::not_found, "NoSuchBucket: none");
        if (!open.contains(bucket)) return fail(Code::denied, "AccessDenied: no");
        return {};
    }
};

class TrailCalls : public ::testing::Test {
protected:
    std::expected<Json, wire::ApiError> run(const std::string& operation, const std::string& input,
                                            const std::string& region = "us-east-1") {
        Call call;
        call.received = clock_.now();
        call.caller.principal.account = account;
        call.caller.region = region;
        const auto json = parse_json(input);
        EXPECT_TRUE(json) << input;
        auto answer = find_trail_operation(operation)(services_, call, *json);
        clock_.advance(std::chrono::seconds(1));
        return answer;
    }

    /// The answer as JSON text, or "CODE: message".
    std::string ask(const std::string& operation, const std::string& input, const std::string& region = "us-east-1") {
        const auto answer = run(operation, input, region);
        return answer ? to_text(*answer) : answer.error().code + ": " + answer.error().message;
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    trail::Trails trails_{store_, clock_};
    sign::SecretBox box_{std::string(32, 'k')};
    trail::SigningKeys keys_{store_, box_};
    FakeBuckets buckets_;
    TrailServices services_{
        .trails = trails_, .keys = keys_, .store = store_, .buckets = buckets_, .regions = {"us-east-1", "eu-west-1"}};
};

TEST_F(TrailCalls, ATrailReadsBackAsItWasMade) {
    EXPECT_EQ(
        ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs"})"),
        R"({"Name":"one","S3BucketName":"logs","IncludeGlobalServiceEvents":true,"IsMultiRegionTrail":false,)"
        R"("TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one","LogFileValidationEnabled":false,"IsOrganizationTrail":false})");
    EXPECT_EQ(buckets_.written, std::vector<std::string>{"logs/AWSLogs/111122223333/CloudTrail/"});
    EXPECT_EQ(buckets_.callers, std::set<std::string>{"arn:aws:cloudtrail:us-east-1:111122223333:trail/one"});
    EXPECT_EQ(
        ask("GetTrail", R"({"Name":"one"})"),
        R"({"Trail":{"Name":"one","S3BucketName":"logs","IncludeGlobalServiceEvents":true,"IsMultiRegionTrail":false,)"
        R"("TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one","LogFileValidationEnabled":false,"IsOrganizationTrail":false,)"
        R"("HomeRegion":"us-east-1","HasCustomEventSelectors":false,"HasInsightSelectors":false}})");
    EXPECT_EQ(
        ask("GetTrailStatus", R"({"Name":"one"})"),
        R"({"IsLogging":false,"LatestDeliveryAttemptTime":"","LatestNotificationAttemptTime":"","LatestNotificationAttemptSucceeded":"",)"
        R"("LatestDeliveryAttemptSucceeded":"","TimeLoggingStarted":"","TimeLoggingStopped":""})");

    const auto full = ask(
        "CreateTrail",
        R"({"Name":"two","S3BucketName":"logs","S3KeyPrefix":"a/b","IsMultiRegionTrail":true,"EnableLogFileValidation":true,"RecursiveLogging":false})");
    EXPECT_NE(full.find(R"("S3KeyPrefix":"a/b")"), std::string::npos) << full;
    EXPECT_NE(full.find(R"("LogFileValidationEnabled":true)"), std::string::npos) << full;
    EXPECT_NE(full.find(R"("RecursiveLogging":false)"), std::string::npos) << full;
    EXPECT_EQ(buckets_.written.size(), 3u);
    EXPECT_EQ(buckets_.written.back(), "logs/a/b/AWSLogs/111122223333/CloudTrail-Digest/");
}

TEST_F(TrailCalls, RefusalsHaveTheCodesAndTextsOfTheService) {
    ASSERT_EQ(ask("CreateTrail", R"({"Name":"taken","S3BucketName":"logs"})").front(), '{');
    const std::string arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/";
    const struct {
        const char* operation;
        std::string input, answer;
    } cases[] = {
        {"CreateTrail", R"({"Name":"ab","S3BucketName":"logs"})",
         "InvalidTrailNameException: Trail name too short. Minimum allowed length: 3 characters. Specified name "
         "length: 2 characters."},
        {"CreateTrail", R"({"Name":")" + std::string(129, 'a') + R"(","S3BucketName":"logs"})",
         "InvalidTrailNameException: Trail name too long. Maximum allowed length: 128 characters. Specified name "
         "length: 129 characters."},
        {"CreateTrail", R"({"Name":"-abc","S3BucketName":"logs"})",
         "InvalidTrailNameException: Trail name must starts with a letter or number."},
        {"CreateTrail", R"({"Name":"abc-","S3BucketName":"logs"})",
         "InvalidTrailNameException: Trail name must ends with a letter or number."},
        {"CreateTrail", R"({"Name":"a#c","S3BucketName":"logs"})",
         "InvalidTrailNameException: Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, "
         "periods (.), hyphens (-), and underscores (_)."},
        {"CreateTrail", R"({"Name":"taken","S3BucketName":"logs"})",
         "TrailAlreadyExistsException: Trail taken already exists for customer: 111122223333"},
        {"CreateTrail", R"({"Name":"abc","S3BucketName":"nowhere"})",
         "S3BucketDoesNotExistException: S3 bucket nowhere does not exist!"},
        {"CreateTrail", R"({"Name":"abc","S3BucketName":"closed"})",
         "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: closed"},
        {"CreateTrail",
         R"({"Name":"abc","S3BucketName":"logs","IsMultiRegionTrail":true,"IncludeGlobalServiceEvents":false})",
         "InvalidParameterCombinationException: Multi-Region trail must include global service events."},
        {"CreateTrail", R"({"Name":"abc","S3BucketName":"logs","SnsTopicName":"topic"})",
         "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!"},
        {"CreateTrail",
         R"({"Name":"abc","S3BucketName":"logs","CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:111122223333:log-group:g:*"})",
         "InvalidCloudWatchLogsRoleArnException: You must specify a log group and a role ARN."},
        {"CreateTrail",
         R"({"Name":"abc","S3BucketName":"logs","CloudWatchLogsRoleArn":"arn:aws:iam::111122223333:role/r"})",
         "InvalidCloudWatchLogsLogGroupArnException: You must specify a log group and a role ARN."},
        {"CreateTrail",
         R"({"Name":"abc","S3BucketName":"logs","CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:111122223333:log-group:g","CloudWatchLogsRoleArn":"arn:aws:iam::111122223333:role/r"})",
         "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN."},
        {"CreateTrail", R"({"Name":"abc","S3BucketName":"logs","IsOrganizationTrail":true})",
         "OrganizationsNotInUseException: Your account is not in an organization."},
        {"GetTrail", R"({"Name":"missing"})",
         "TrailNotFoundException: Unknown trail: " + arn + "missing for the user: 111122223333"},
        {"StartLogging", R"({"Name":"arn:aws:cloudtrail:us-east-1:999999999999:trail/taken"})",
         "TrailNotFoundException: Unknown trail: arn:aws:cloudtrail:us-east-1:999999999999:trail/taken for the user: "
         "111122223333"},
        {"DeleteTrail", R"({"Name":"arn:aws:s3:::x"})", "CloudTrailARNInvalidException: Invalid ARN: arn:aws:s3:::x"},
        {"ListTags", R"({"ResourceIdList":["arn:aws:s3:::x"]})",
         "ResourceTypeNotSupportedException: Resource arn:aws:s3:::x cannot be tagged."},
        {"ListTags", R"({"ResourceIdList":[")" + arn + R"(missing"]})",
         "ResourceNotFoundException: Unknown trail: " + arn + "missing for the user: 111122223333"},
        {"AddTags", R"({"ResourceId":")" + arn + R"(taken","TagsList":[{"Key":"aws:x"}]})",
         "InvalidTagParameterException: Tag keys must not begin with aws:."},
        {"ListPublicKeys", R"({"StartTime":2,"EndTime":1})",
         "InvalidTimeRangeException: Start time must be before end time."},
        {"ListPublicKeys", R"({"StartTime":1e300})", "InvalidTimeRangeException: StartTime is out of range."},
        {"ListTags", R"({"ResourceIdList":[],"NextToken":"x"})",
         "InvalidTokenException: NextToken is reserved for future use."},
        {"ListTags", "{}",
         "ValidationException: 1 validation error detected: Value null at 'resourceIdList' failed to satisfy "
         "constraint: "
         "Member must not be null"},
        {"AddTags", R"({"ResourceId":")" + arn + R"(taken"})",
         "ValidationException: 1 validation error detected: Value null at 'tagsList' failed to satisfy constraint: "
         "Member "
         "must not be null"},
    };
    for (const auto& row : cases)
        EXPECT_EQ(ask(row.operation, row.input), row.answer) << row.operation << " " << row.input;
    EXPECT_EQ(trails_.list().size(), 1u) << "nothing was stored";
    for (const auto* bucket : {"ab", "Logs", "a..b", "-ab", "ab-", "192.168.1.1", "a_b"})
        EXPECT_TRUE(ask("CreateTrail", fmt::format(R"({{"Name":"abc","S3BucketName":"{}"}})", bucket))
                        .starts_with("InvalidS3BucketNameException: "))
            << bucket;
    for (const auto& prefix : {std::string("/a"), std::string("a/"), std::string(201, 'a')})
        EXPECT_TRUE(
            ask("CreateTrail", fmt::format(R"({{"Name":"abc","S3BucketName":"logs","S3KeyPrefix":"{}"}})", prefix))
                .starts_with("InvalidS3PrefixException: "));
    for (const auto* topic : {"a.fifo", "a b", "arn:aws:sqs:us-east-1:111122223333:x"})
        EXPECT_TRUE(
            ask("CreateTrail", fmt::format(R"({{"Name":"abc","S3BucketName":"logs","SnsTopicName":"{}"}})", topic))
                .starts_with("InvalidSnsTopicNameException: "));
    for (const auto* key : {"short", "arn:aws:kms:us-east-1:111122223333:x"})
        EXPECT_TRUE(ask("CreateTrail", fmt::format(R"({{"Name":"abc","S3BucketName":"logs","KmsKeyId":"{}"}})", key))
                        .starts_with("InvalidKmsKeyIdException: "));
}

TEST_F(TrailCalls, WhatIsWrongWithARequestComesBeforeWhatItNames) {
    ask("CreateTrail", R"({"Name":"taken","S3BucketName":"logs","IsMultiRegionTrail":true})");
    for (const auto* name : {"b2b", "c3c", "d4d", "e5e"})
        ask("CreateTrail", fmt::format(R"({{"Name":"{}","S3BucketName":"logs"}})", name));
    const std::string arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/";
    const auto written = buckets_.written;
    const struct {
        const char* operation;
        std::string input;
        const char* region;
        const char* code;
    } cases[] = {
        {"CreateTrail", R"({"Name":"taken","S3BucketName":"X"})", "us-east-1", "InvalidS3BucketNameException"},
        {"CreateTrail", R"({"Name":"taken","S3BucketName":"nowhere","IsOrganizationTrail":true})", "us-east-1",
         "TrailAlreadyExistsException"},
        {"CreateTrail", R"({"Name":"f6f","S3BucketName":"nowhere","IsOrganizationTrail":true})", "us-east-1",
         "MaximumNumberOfTrailsExceededException"},
        {"CreateTrail", R"({"Name":"f6f","S3BucketName":"nowhere","IsOrganizationTrail":true})", "eu-west-1",
         "OrganizationsNotInUseException"},
        {"UpdateTrail", R"({"Name":"x","S3BucketName":"X"})", "us-east-1", "InvalidTrailNameException"},
        {"UpdateTrail", R"({"Name":"missing","S3BucketName":"X"})", "us-east-1", "InvalidS3BucketNameException"},
        {"UpdateTrail", R"({"Name":"missing","S3KeyPrefix":"/"})", "us-east-1", "InvalidS3PrefixException"},
        {"UpdateTrail", R"({"Name":"taken","SnsTopicName":"a b"})", "eu-west-1", "InvalidSnsTopicNameException"},
        {"UpdateTrail", R"({"Name":"taken","KmsKeyId":"a b"})", "eu-west-1", "InvalidKmsKeyIdException"},
        {"UpdateTrail", R"({"Name":"missing","IsMultiRegionTrail":true,"IncludeGlobalServiceEvents":false})",
         "us-east-1", "InvalidParameterCombinationException"},
        {"UpdateTrail", R"({"Name":"taken","S3BucketName":"nowhere"})", "eu-west-1", "InvalidHomeRegionException"},
        {"PutEventSelectors", R"({"TrailName":"missing","EventSelectors":[]})", "us-east-1",
         "InvalidEventSelectorsException"},
        {"PutEventSelectors", R"({"TrailName":"x","EventSelectors":[]})", "us-east-1", "InvalidTrailNameException"},
        {"PutInsightSelectors", R"({"TrailName":"missing","InsightSelectors":[{"InsightType":"x"}]})", "us-east-1",
         "InvalidInsightSelectorsException"},
        {"PutEventConfiguration", R"({"TrailName":"missing","AggregationConfigurations":[{}]})", "us-east-1",
         "InvalidParameterException"},
        {"AddTags", R"({"ResourceId":")" + arn + R"(missing","TagsList":[{"Key":"aws:x"}]})", "us-east-1",
         "InvalidTagParameterException"},
        {"AddTags", R"({"ResourceId":")" + arn + R"(taken","TagsList":[{"Key":"k"}]})", "eu-west-1",
         "InvalidHomeRegionException"},
        {"ListTags", R"({"ResourceIdList":[")" + arn + R"(missing","no arn"]})", "us-east-1",
         "CloudTrailARNInvalidException"},
    };
    for (const auto& row : cases) {
        const auto answer = ask(row.operation, row.input, row.region);
        EXPECT_EQ(answer.substr(0, answer.find(':')), row.code) << row.operation << " " << row.input;
    }
    EXPECT_EQ(buckets_.written, written) << "no bucket was tried";
    EXPECT_EQ(trails_.list().size(), 5u);
}

TEST_F(TrailCalls, TagsAndWhatHasThemAreRead) {
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs"})");
    const std::string here = "arn:aws:cloudtrail:us-east-1:111122223333:";
    const std::string uuid = "12345678-1234-1234-1234-123456789012";
    const std::pair<std::string, const char*> resources[] = {
        {"arn:", "CloudTrailARNInvalidException"},
        {"arn:aws", "CloudTrailARNInvalidException"},
        {"one", "CloudTrailARNInvalidException"},
        {here + "trail/a..b", "CloudTrailARNInvalidException"},
        {here + "house/one", "CloudTrailARNInvalidException"},
        {here + "trail/two", "ResourceNotFoundException"},
        {here + "dashboard/two", "ResourceNotFoundException"},
        {here + "dashboard/a.b", "CloudTrailARNInvalidException"},
        {here + "eventdatastore/" + uuid, "EventDataStoreNotFoundException"},
        {here + "eventdatastore/x", "EventDataStoreARNInvalidException"},
        {here + "channel/" + uuid, "ChannelNotFoundException"},
        {here + "channel/x", "ChannelARNInvalidException"},
        {"arn:aws:sqs:us-east-1:111122223333:queue", "ResourceTypeNotSupportedException"},
    };
    for (const auto& [resource, code] : resources)
        for (const auto& [operation, input] :
             {std::pair("AddTags", fmt::format(R"({{"ResourceId":"{}","TagsList":[{{"Key":"k"}}]}})", resource)),
              std::pair("ListTags", fmt::format(R"({{"ResourceIdList":["{}"]}})", resource))}) {
            const auto answer = ask(operation, input);
            EXPECT_EQ(answer.substr(0, answer.find(':')), code) << operation << " " << resource;
        }

    const auto texts = [](std::size_t count, const char* character) {
        std::string text;
        while (count-- > 0) text += character;
        return text;
    };
    const struct {
        std::string key, value;
        bool good;
    } tags[] = {
        {texts(128, "k"), texts(256, "v"), true},
        {texts(128, "\xc3\xa4"), texts(256, "\xc3\xa4"), true},
        {texts(129, "k"), "", false},
        {"k", texts(257, "v"), false},
        {texts(129, "\xc3\xa4"), "", false},
        {"AWS:k", "", false},
        {"aws", "", true},
        {"a*", "", false},
        {"a b_c.d:e/f=g+h-i@j", "", true},
        {"", "", false},
    };
    for (const auto& row : tags)
        EXPECT_EQ(
            ask("AddTags", fmt::format(R"({{"ResourceId":"{}trail/one","TagsList":[{{"Key":"{}","Value":"{}"}}]}})",
                                       here, row.key, row.value)),
            row.good ? "{}"
            : row.value.size() > 256
                ? "InvalidTagParameterException: Tag values must have at most 256 letters, digits, spaces, or "
                  "characters of _ . : / = + - @."
            : row.key == "AWS:k"
                ? "InvalidTagParameterException: Tag keys must not begin with aws:."
                : "InvalidTagParameterException: Tag keys must have 1 to 128 letters, digits, spaces, or "
                  "characters of _ . : / = + - @.")
            << row.key;
    EXPECT_EQ(
        ask("RemoveTags", fmt::format(R"({{"ResourceId":"{}trail/one","TagsList":[{{"Key":"aws","Value":"{}"}}]}})",
                                      here, texts(300, "*"))),
        "{}")
        << "values do not matter";
    std::string many;
    for (int i = 0; i < 60; ++i) many += fmt::format(R"({}{{"Key":"k{}"}})", i ? "," : "", i);
    const auto with = [&](const char* operation) {
        return ask(operation, fmt::format(R"({{"ResourceId":"{}trail/one","TagsList":[{}]}})", here, many));
    };
    EXPECT_TRUE(with("AddTags").starts_with("TagsLimitExceededException: "));
    EXPECT_EQ(with("RemoveTags"), "{}");
}

TEST_F(TrailCalls, ALogGroupAndItsRoleAreOfTheAccount) {
    const std::string group = "arn:aws:logs:us-east-1:111122223333:log-group:g/h:*";
    const std::string role = "arn:aws:iam::111122223333:role/path/r";
    const std::string bad_group = "InvalidCloudWatchLogsLogGroupArnException";
    const std::string bad_role = "InvalidCloudWatchLogsRoleArnException";
    const struct {
        std::string group, role, code;
    } cases[] = {
        {"arn:aws:logs:us-east-1:111122223333:log-group:*", role, bad_group},
        {"arn:aws:logs:us-east-1:111122223333:log-group::*", role, bad_group},
        {"arn:aws:logs:us-east-1:111122223333:log-group:a b:*", role, bad_group},
        {"arn:aws:logs:eu-west-1:111122223333:log-group:g:*", role, bad_group},
        {"arn:aws:logs:us-east-1:444455556666:log-group:g:*", role, bad_group},
        {group, "arn:aws:iam::444455556666:role/r", bad_role},
        {group, "arn:aws:iam::111122223333:user/r", bad_role},
        {group, "arn:aws:iam::111122223333:role/", bad_role},
    };
    for (const auto& row : cases) {
        const auto answer = ask(
            "CreateTrail",
            fmt::format(
                R"({{"Name":"abc","S3BucketName":"logs","CloudWatchLogsLogGroupArn":"{}","CloudWatchLogsRoleArn":"{}"}})",
                row.group, row.role));
        EXPECT_EQ(answer, row.code + ": CloudTrail cannot validate the specified " +
                              (row.code == bad_group ? "log group" : "role") + " ARN.")
            << row.group << " " << row.role;
    }
}

TEST_F(TrailCalls, ATrailIsFoundAtHomeBeforeAShadowOfItsName) {
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs"})", "us-east-1");
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"other"})", "eu-west-1");
    for (const auto* region : {"us-east-1", "eu-west-1"}) {
        ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":true})", region);
        EXPECT_EQ(run("GetTrail", R"({"Name":"one"})", "us-east-1")->find("Trail")->text("S3BucketName"), "logs");
        EXPECT_EQ(run("GetTrail", R"({"Name":"one"})", "eu-west-1")->find("Trail")->text("S3BucketName"), "other");
    }
}

TEST_F(TrailCalls, LenientTakesWhatEmulatorsTake) {
    auto lenient = services_;
    lenient.lenient = true;
    Call call;
    call.received = clock_.now();
    call.caller.principal.account = account;
    call.caller.region = "us-east-1";
    const auto input = parse_json(
        R"({"Name":"abc","S3BucketName":"logs","KmsKeyId":"short","SnsTopicName":"topic","IsOrganizationTrail":true,
        "CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:111122223333:log-group:g:*","CloudWatchLogsRoleArn":"arn:aws:iam::111122223333:role/r"})");
    const auto made = find_trail_operation("CreateTrail")(lenient, call, *input);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->text("SnsTopicName"), "topic");
    EXPECT_EQ(made->text("SnsTopicARN"), "arn:aws:sns:us-east-1:111122223333:topic");
    EXPECT_EQ(made->text("KmsKeyId"), "arn:aws:kms:us-east-1:111122223333:key/short");
}

TEST_F(TrailCalls, ShadowsAreSeenAndNotChanged) {
    ask("CreateTrail", R"({"Name":"everywhere","S3BucketName":"logs","IsMultiRegionTrail":true})");
    ask("CreateTrail", R"({"Name":"home","S3BucketName":"logs"})");
    const auto names = [&](const std::string& region, const std::string& input) {
        std::string joined;
        const auto answer = parse_json(ask("DescribeTrails", input, region));
        for (const auto& trail : answer->find("trailList")->as_array()) joined += std::string(trail.text("Name")) + " ";
        return joined;
    };
    EXPECT_EQ(names("us-east-1", "{}"), "everywhere home ");
    EXPECT_EQ(names("eu-west-1", "{}"), "everywhere ");
    EXPECT_EQ(names("eu-west-1", R"({"includeShadowTrails":false})"), "");
    EXPECT_EQ(names("eu-west-1", R"({"trailNameList":["home","everywhere"]})"), "everywhere ")
        << "an unknown name is left out";
    EXPECT_EQ(names("eu-west-1", R"({"trailNameList":["arn:aws:cloudtrail:us-east-1:111122223333:trail/home"]})"),
              "home ");
    EXPECT_TRUE(ask("DescribeTrails", R"({"trailNameList":["a"]})").starts_with("InvalidTrailNameException"));
    for (const auto* operation : {"StartLogging", "StopLogging", "DeleteTrail", "UpdateTrail"})
        EXPECT_TRUE(ask(operation, R"({"Name":"everywhere"})", "eu-west-1").starts_with("InvalidHomeRegionException"))
            << operation;
    EXPECT_EQ(ask("GetTrail", R"({"Name":"everywhere"})", "eu-west-1").front(), '{');
    EXPECT_EQ(
        ask("ListTrails", "{}", "eu-west-1"),
        R"({"Trails":[{"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/everywhere","Name":"everywhere","HomeRegion":"us-east-1"},)"
        R"({"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/home","Name":"home","HomeRegion":"us-east-1"}]})");
}

TEST_F(TrailCalls, AnUpdateChangesWhatItNamesAndAnEmptyTextTakesAway) {
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs","S3KeyPrefix":"p"})");
    ask("StartLogging", R"({"Name":"one"})");
    EXPECT_NE(ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":true})").find(R"("S3KeyPrefix":"p")"),
              std::string::npos);
    const auto single = ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":false,"S3KeyPrefix":""})");
    EXPECT_EQ(single.find("S3KeyPrefix"), std::string::npos) << single;
    EXPECT_NE(single.find(R"("IncludeGlobalServiceEvents":false)"), std::string::npos)
        << "no longer multi-region: " << single;
    EXPECT_NE(
        ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":true})").find(R"("IncludeGlobalServiceEvents":true)"),
        std::string::npos);
    EXPECT_EQ(ask("UpdateTrail", R"({"Name":"one","S3BucketName":"closed"})").substr(0, 35),
              "InsufficientS3BucketPolicyException");
    EXPECT_NE(ask("GetTrail", R"({"Name":"one"})").find(R"("S3BucketName":"logs")"), std::string::npos)
        << "a rejected update leaves everything";
    EXPECT_NE(ask("GetTrailStatus", R"({"Name":"one"})").find(R"("IsLogging":true)"), std::string::npos)
        << "it goes on logging";
    EXPECT_EQ(ask("DeleteTrail", R"({"Name":"one"})"), "{}");
    EXPECT_EQ(ask("DeleteTrail", R"({"Name":"one"})").substr(0, 22), "TrailNotFoundException");
}

TEST_F(TrailCalls, LoggingIsStartedAndStoppedAnyNumberOfTimes) {
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs"})");
    EXPECT_EQ(ask("StopLogging", R"({"Name":"one"})"), "{}");
    EXPECT_EQ(ask("StartLogging", R"({"Name":"one"})"), "{}");
    const auto started = ask("GetTrailStatus", R"({"Name":"one"})");
    EXPECT_EQ(ask("StartLogging", R"({"Name":"one"})"), "{}");
    EXPECT_EQ(ask("GetTrailStatus", R"({"Name":"one"})"), started) << "nothing changed";
    EXPECT_NE(started.find(R"("TimeLoggingStarted":"2026-11-21T12:00:02Z")"), std::string::npos) << started;
    EXPECT_NE(started.find("\"StartLoggingTime\":"), std::string::npos);
    EXPECT_EQ(started.find("\"StopLoggingTime\":"), std::string::npos);
    ask("StopLogging", R"({"Name":"one"})");
    const auto stopped = ask("GetTrailStatus", R"({"Name":"one"})");
    EXPECT_NE(stopped.find("\"StopLoggingTime\":"), std::string::npos);
    EXPECT_NE(stopped.find(R"("IsLogging":false)"), std::string::npos);
}

TEST_F(TrailCalls, StatusTellsTheLastDeliveriesOfARegion) {
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs"})");
    const auto id = trails_.list().front()->newest().id;
    const auto at = [](int second) { return Time(std::chrono::milliseconds(1'800'000'000'250 + second * 1000)); };
    ASSERT_TRUE(store_.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(trail::note_success(transaction, id, "us-east-1", trail::Leg::file, at(0)));
        CAIRN_TRY(trail::note_failure(transaction, id, "us-east-1", trail::Leg::file, at(10),
                                      {Code::denied, "AccessDenied: no"}));
        return trail::note_success(transaction, id, "us-east-1", trail::Leg::digest, at(5));
    }));
    const auto status = parse_json(ask("GetTrailStatus", R"({"Name":"one"})"));
    EXPECT_EQ(status->find("LatestDeliveryTime")->as_number(), 1'800'000'000.25);
    EXPECT_EQ(status->text("LatestDeliveryError"), "AccessDenied");
    EXPECT_EQ(status->text("LatestDeliveryAttemptSucceeded"), "2027-01-15T08:00:00Z");
    EXPECT_EQ(status->text("LatestDeliveryAttemptTime"), "2027-01-15T08:00:10Z");
    EXPECT_EQ(status->find("LatestDigestDeliveryTime")->as_number(), 1'800'000'005.25);
    const std::string by_arn = R"({"Name":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one"})";
    EXPECT_EQ(ask("GetTrailStatus", by_arn, "eu-west-1"), to_text(*status)) << "it delivers at home only";
    ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":true})");
    EXPECT_EQ(ask("GetTrailStatus", by_arn, "eu-west-1").find("LatestDeliveryTime"), std::string::npos)
        << "each region has its own";
    ask("UpdateTrail", R"({"Name":"one","S3BucketName":"other"})");
    EXPECT_EQ(ask("GetTrailStatus", R"({"Name":"one"})").find("LatestDeliveryError"), std::string::npos)
        << "a new bucket, a new beginning";
}

TEST_F(TrailCalls, FiveTrailsShowThemselvesInARegion) {
    for (const auto* name : {"one", "two", "three"})
        ask("CreateTrail", fmt::format(R"({{"Name":"{}","S3BucketName":"logs"}})", name));
    for (const auto* name : {"four", "five"})
        ask("CreateTrail", fmt::format(R"({{"Name":"{}","S3BucketName":"logs","IsMultiRegionTrail":true}})", name),
            "eu-west-1");
    EXPECT_EQ(ask("CreateTrail", R"({"Name":"six","S3BucketName":"logs"})"),
              "MaximumNumberOfTrailsExceededException: User: 111122223333 already has 5 trails in us-east-1.");
    EXPECT_EQ(ask("CreateTrail", R"({"Name":"six","S3BucketName":"logs"})", "eu-west-1").front(), '{');
}

TEST_F(TrailCalls, TagsAreAddedReplacedAndRemoved) {
    const std::string arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/one";
    ask("CreateTrail", R"({"Name":"one","S3BucketName":"logs","TagsList":[{"Key":"a","Value":"1"},{"Key":"b"}]})");
    EXPECT_EQ(ask("AddTags",
                  R"({"ResourceId":")" + arn + R"(","TagsList":[{"Key":"b","Value":"2"},{"Key":"c","Value":"3"}]})"),
              "{}");
    EXPECT_EQ(ask("RemoveTags", R"({"ResourceId":")" + arn + R"(","TagsList":[{"Key":"a"},{"Key":"none"}]})"), "{}");
    EXPECT_EQ(ask("ListTags", R"({"ResourceIdList":[")" + arn + R"("]})"),
              R"({"ResourceTagList":[{"ResourceId":")" + arn +
                  R"(","TagsList":[{"Key":"b","Value":"2"},{"Key":"c","Value":"3"}]}]})");
    std::string many;
    for (int i = 0; i < 49; ++i) many += fmt::format(R"({}{{"Key":"k{}"}})", i ? "," : "", i);
    EXPECT_TRUE(ask("AddTags", R"({"ResourceId":")" + arn + R"(","TagsList":[)" + many + "]}")
                    .starts_with("TagsLimitExceededException"));
}

TEST_F(TrailCalls, PublicKeysAreListedByTime) {
    const auto key = keys_.current("us-east-1", clock_.now());
    ASSERT_TRUE(key);
    const auto answer = run("ListPublicKeys", "{}");
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->find("PublicKeyList")->as_array().size(), 1u);
    const auto& shown = answer->find("PublicKeyList")->as_array().front();
    EXPECT_EQ(shown.text("Value"), key->shown.der);
    EXPECT_EQ(shown.text("Fingerprint"), key->shown.fingerprint);
    EXPECT_EQ(shown.find("ValidityEndTime")->as_number() - shown.find("ValidityStartTime")->as_number(), 2'592'000);
    EXPECT_EQ(ask("ListPublicKeys", R"({"StartTime":1000,"EndTime":2000})"), R"({"PublicKeyList":[]})");
    EXPECT_EQ(ask("ListPublicKeys", R"({"StartTime":1000,"EndTime":2000})", "eu-west-1"), R"({"PublicKeyList":[]})");
    const auto other = run("ListPublicKeys", "{}", "eu-west-1");
    ASSERT_TRUE(other);
    ASSERT_EQ(other->find("PublicKeyList")->as_array().size(), 1u) << "a region has a key before it signs";
    EXPECT_NE(other->find("PublicKeyList")->as_array().front().text("Fingerprint"), key->shown.fingerprint)
        << "each region has keys of its own";
    EXPECT_EQ(keys_.current("eu-west-1", clock_.now())->shown.der,
              other->find("PublicKeyList")->as_array().front().text("Value"));
    EXPECT_EQ(ask("ListPublicKeys", "{}", "nowhere-1"), R"({"PublicKeyList":[]})") << "there is no such region";
}

TEST_F(TrailCalls, PoliciesSeeTheTrail) {
    Call call;
    call.caller.principal.account = account;
    call.caller.region = "us-east-1";
    const auto resource = [&](const char* operation, const char* input) {
        return trail_resource(operation, call, *parse_json(input));
    };
    EXPECT_EQ(resource("StartLogging", R"({"Name":"one"})"), "arn:aws:cloudtrail:us-east-1:111122223333:trail/one");
    EXPECT_EQ(resource("AddTags", R"({"ResourceId":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/one"})"),
              "arn:aws:cloudtrail:eu-west-1:111122223333:trail/one");
    EXPECT_EQ(resource("DescribeTrails", "{}"), "*");
    EXPECT_EQ(resource("LookupEvents", "{}"), "*");
    EXPECT_EQ(resource("GetTrail", R"({"Name":"#"})"), "*");
}

}  // namespace
}  // namespace cairn::api
