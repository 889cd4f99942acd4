#include <gtest/gtest.h>

#include "base/uuid.h"
#include "record_support.h"

using namespace cairn;

TEST(RecordShape, ShownMembersOfAnotherTypeCountAsAbsent) {
    Parse parse;
    const auto& view = parse.view(record_with(
        R"("eventType":1,"sourceIPAddress":null,"userAgent":{},"errorCode":[],"errorMessage":true,"requestID":12,"resources":"none",)"
        R"("userIdentity":{"type":3,"arn":[],"accountId":5,"sessionContext":"x"},"readOnly":7,"managementEvent":"maybe","vpcEndpointId":0)"));
    EXPECT_EQ(view.event_type, "");
    EXPECT_EQ(view.source_ip, "");
    EXPECT_EQ(view.user_agent, "");
    EXPECT_EQ(view.error_code, "");
    EXPECT_EQ(view.error_message, "");
    EXPECT_EQ(view.request_id, "");
    EXPECT_EQ(view.identity_type, "");
    EXPECT_EQ(view.arn, "");
    EXPECT_EQ(view.identity_account, "");
    EXPECT_EQ(view.read_only, ReadOnly::absent);
    EXPECT_EQ(view.management_event, std::nullopt);
    EXPECT_TRUE(view.resources.empty());
    EXPECT_EQ(view.account, "111122223333");
    EXPECT_EQ(view.flags, 0u);
}

TEST(RecordShape, ConsoleCredentialsAndInsightTypesAreShown) {
    Parse parse;
    const struct {
        const char* value;
        bool shown;
    } cases[] = {{"\"true\"", true}, {"true", true},  {"\"false\"", false},
                 {"false", false},   {"null", false}, {"1", false}};
    for (const auto& row : cases)
        EXPECT_EQ(
            parse.view(record_with(std::string(R"("sessionCredentialFromConsole":)") + row.value)).session_from_console,
            row.shown)
            << row.value;
    EXPECT_FALSE(parse.view(record_with(R"("a":1)")).session_from_console);
    EXPECT_EQ(
        parse
            .view(
                R"({"eventTime":"2026-01-02T03:04:05Z","eventCategory":"Insight","insightDetails":{"insightType":"ApiCallRateInsight"}})")
            .insight_type,
        "ApiCallRateInsight");
    EXPECT_EQ(
        parse
            .view(
                R"({"eventTime":"2026-01-02T03:04:05Z","eventCategory":"Insight","insightType":"ApiErrorRateInsight"})")
            .insight_type,
        "ApiErrorRateInsight");
}

TEST(RecordShape, WrongEssentialMembersAreNamed) {
    const struct {
        const char* record;
        const char* error;
    } cases[] = {
        {R"({"eventTime":5})", "eventTime is a number, not a string"},
        {R"({"eventTime":"yesterday"})", "eventTime is no time: \"yesterday\""},
        {R"({"eventTime":"2026-02-30T00:00:00Z"})", "eventTime is no time: \"2026-02-30T00:00:00Z\""},
        {R"({"eventTime":null})", "eventTime is missing"},
        {R"({"eventTime":"2026-01-02T03:04:05Z"})", "eventSource is missing"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a"})", "eventName is missing"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":""})", "eventName is missing"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":[],"eventName":"b"})",
         "eventSource is an array, not a string"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":false})",
         "eventName is a boolean, not a string"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","userIdentity":"me"})",
         "userIdentity is a string, not an object"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","eventID":7})",
         "eventID is a number, not a string"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","recipientAccountId":111122223333})",
         "recipientAccountId is a number, not a string"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","awsRegion":{}})",
         "awsRegion is an object, not a string"},
        {R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","eventCategory":1})",
         "eventCategory is a number, not a string"},
    };
    Parse parse;
    for (const auto& row : cases) EXPECT_EQ(parse.error(row.record), row.error);
    EXPECT_EQ(parse.error(R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"a","eventName":"b","awsRegion":")" +
                          std::string(257, 'r') + "\"}"),
              "awsRegion is too long");
    EXPECT_EQ(parse.error(""), "the record is empty");
}

TEST(RecordShape, ARecordOfTheFirstVersionIsEnough) {
    Parse parse;
    const auto& view = parse.view(
        R"({"eventTime":"2014-03-06T21:22:54Z","eventSource":"ec2.amazonaws.com","eventName":"StartInstances"})");
    EXPECT_EQ(view.flags, flag_no_event_id);
    EXPECT_EQ(view.category, Category::management);
    EXPECT_EQ(view.read_only, ReadOnly::absent);
    EXPECT_EQ(view.username, "");
}

TEST(RecordShape, ARecordWithoutIdGetsOneFromItsContent) {
    Parse parse;
    const std::string first(
        parse.view(R"({"eventTime":"2014-03-06T21:22:54Z","eventSource":"s","eventName":"n","x":[1,2]})").event_id);
    const std::string reordered(
        parse.view(R"( {"x": [1, 2], "eventName":"n","eventSource":"\u0073","eventTime":"2014-03-06T21:22:54Z"})")
            .event_id);
    const std::string other(
        parse.view(R"({"eventTime":"2014-03-06T21:22:54Z","eventSource":"s","eventName":"n","x":[1,2.0]})").event_id);
    EXPECT_TRUE(parse_uuid(first));
    EXPECT_EQ(first, reordered);
    EXPECT_NE(first, other);
    EXPECT_EQ(parse.view(record_with("")).flags, 0u);
    EXPECT_EQ(
        parse.view(R"({"eventTime":"2014-03-06T21:22:54Z","eventSource":"s","eventName":"n","eventID":""})").flags,
        flag_no_event_id);
}

TEST(RecordShape, OfARepeatedMemberTheFirstCounts) {
    const struct {
        const char* members;
        bool flagged;
    } cases[] = {
        {R"("eventName":"Other")", true},
        {R"("event\u004eame":"Other")", true},
        {R"("eventID":null)", true},
        {R"("requestParameters":{"a":1,"a":2})", false},
        {R"("unknown":1,"unknown":2)", false},
        {R"("userIdentity":{"type":"Root","type":"IAMUser"})", true},
        {R"("userIdentity":{"sessionContext":{"sessionIssuer":{"arn":"a","arn":"b"}}})", true},
        {R"("userIdentity":{"sessionContext":{"attributes":{},"attributes":{"mfaAuthenticated":"true"}}})", true},
        {R"("resources":[{"type":"T","type":"U","ARN":"a"}])", true},
        {R"("requestParameters":{"vpcId":"vpc-1","vpcId":"vpc-2"})", true},
    };
    Parse parse;
    for (const auto& row : cases) {
        SCOPED_TRACE(row.members);
        const auto& view = parse.view(record_with(row.members));
        EXPECT_EQ(view.flags, row.flagged ? std::uint32_t{flag_duplicate_member} : 0u);
        EXPECT_EQ(view.event_name, "StopInstances");
        EXPECT_EQ(view.event_id, "11111111-2222-3333-4444-555555555555");
        EXPECT_TRUE(view.identity_type.empty() || view.identity_type == "Root");
        EXPECT_TRUE(view.session_issuer_arn.empty() || view.session_issuer_arn == "a");
        EXPECT_EQ(view.mfa_authenticated, "");
        for (const auto& resource : view.resources) EXPECT_NE(resource.name, "vpc-2");
    }
}

TEST(RecordShape, CategoryIsNamedOrFollowsFromTheRecord) {
    const struct {
        const char* members;
        Category category;
    } cases[] = {
        {R"("eventCategory":"Management")", Category::management},
        {R"("eventCategory":"Data")", Category::data},
        {R"("eventCategory":"NetworkActivity")", Category::network_activity},
        {R"("eventCategory":"Insight")", Category::insight},
        {R"("eventCategory":"Aggregated")", Category::aggregated},
        {R"("eventCategory":"ActivityAuditLog","eventData":{})", Category::activity},
        {R"("eventCategory":"ConfigurationItem")", Category::other},
        {R"("eventCategory":"management")", Category::other},
        {R"("eventCategory":"Data","managementEvent":true)", Category::data},
        {R"("eventType":"AwsCloudTrailInsight")", Category::insight},
        {R"("eventType":"AwsVpceEvent")", Category::network_activity},
        {R"("eventType":"AwsVpceEvents")", Category::network_activity},
        {R"("eventType":"AwsApiCall","managementEvent":false)", Category::data},
        {R"("eventType":"AwsApiCall","managementEvent":true)", Category::management},
        {R"("eventType":"AwsServiceEvent")", Category::management},
    };
    Parse parse;
    for (const auto& row : cases) EXPECT_EQ(parse.view(record_with(row.members)).category, row.category) << row.members;
    EXPECT_EQ(parse.view(call("s3", "GetObject", "null")).category, Category::data);
    EXPECT_EQ(parse.view(call("s3", "GetBucketAcl", "null")).category, Category::management);
    EXPECT_EQ(parse.view(call("lambda", "Invoke", "null")).category, Category::data);
}

TEST(RecordShape, AnInsightShowsTheCallItIsAbout) {
    Parse parse;
    const auto& view = parse.view(
        R"({"eventVersion":"1.07","eventTime":"2026-01-02T03:04:00Z","awsRegion":"us-east-1","eventID":"i1","eventType":"AwsCloudTrailInsight",)"
        R"("recipientAccountId":"111122223333","sharedEventID":"s","insightDetails":{"state":"Start","eventSource":"iam.amazonaws.com",)"
        R"("eventName":"CreateUser","insightType":"ApiErrorRateInsight","errorCode":"AccessDenied"},"eventCategory":"Insight"})");
    EXPECT_EQ(view.category, Category::insight);
    EXPECT_EQ(view.event_source, "iam.amazonaws.com");
    EXPECT_EQ(view.event_name, "CreateUser");
    EXPECT_EQ(view.error_code, "AccessDenied");
    const auto& flat = parse.view(
        R"({"eventTime":"2026-01-02T03:04:00Z","eventID":"i2","eventCategory":"Insight","insightEventSource":"s3.amazonaws.com","insightEventName":"PutObject"})");
    EXPECT_EQ(flat.event_source, "s3.amazonaws.com");
    EXPECT_EQ(flat.event_name, "PutObject");
    EXPECT_EQ(parse.error(R"({"eventTime":"2026-01-02T03:04:00Z","eventCategory":"Insight","insightDetails":3})"),
              "insightDetails is a number, not an object");
}

TEST(RecordShape, AnAggregatedRecordHasNamesOfItsOwn) {
    Parse parse;
    const auto& view = parse.view(
        R"({"eventVersion":"1.0","accountId":"111122223333","eventId":"a1","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent",)"
        R"("awsRegion":"us-east-1","eventSource":"s3.amazonaws.com","timeWindow":{"windowStart":"2026-01-02 03:00:00","windowEnd":"2026-01-02T03:05:00Z"}})");
    EXPECT_EQ(view.event_id, "a1");
    EXPECT_EQ(view.account, "111122223333");
    EXPECT_EQ(format_time(view.time), "2026-01-02T03:00:00Z");
    EXPECT_EQ(view.flags, 0u);
    EXPECT_EQ(parse.error(R"({"eventCategory":"Aggregated","accountId":"1"})"), "timeWindow.windowStart is missing");
    EXPECT_EQ(parse.error(R"({"eventCategory":"Aggregated","timeWindow":{"windowStart":"2026-01-02T03:00:00Z"}})"),
              "accountId is missing");
}

TEST(RecordShape, AnActivityRecordShowsItsEventData) {
    Parse parse;
    const auto& view = parse.view(
        R"({"eventVersion":"1.08","eventCategory":"ActivityAuditLog","eventType":"ActivityLog","eventID":"e1","eventTime":"2026-01-02T03:04:05Z",)"
        R"("awsRegion":"eu-west-1","recipientAccountId":"111122223333","metadata":{"channelARN":"c"},"eventData":{"version":"1",)"
        R"("userIdentity":{"type":"Custom","principalId":"p1","details":{"userName":"ana"}},"userAgent":"ua","eventSource":"shop.example","eventName":"Refund",)"
        R"("eventTime":"2026-01-02T03:04:05","UID":"u1","errorCode":"E","sourceIPAddress":"10.0.0.1","recipientAccountId":"999999999999"}})");
    EXPECT_EQ(view.category, Category::activity);
    EXPECT_EQ(view.event_source, "shop.example");
    EXPECT_EQ(view.event_name, "Refund");
    EXPECT_EQ(view.username, "ana");
    EXPECT_EQ(view.principal_id, "p1");
    EXPECT_EQ(view.source_ip, "10.0.0.1");
    EXPECT_EQ(view.error_code, "E");
    EXPECT_EQ(view.account, "111122223333");
    const auto& bare = parse.view(
        R"({"eventCategory":"ActivityAuditLog","eventData":{"userIdentity":{"type":"T","principalId":"p2"},"eventSource":"s","eventName":"n","eventTime":"2026-01-02T03:04:05"}})");
    EXPECT_EQ(bare.username, "p2");
    EXPECT_EQ(format_time(bare.time), "2026-01-02T03:04:05Z");
    EXPECT_EQ(parse.error(R"({"eventCategory":"ActivityAuditLog","eventTime":"2026-01-02T03:04:05Z"})"),
              "eventData is missing");
}

TEST(RecordShape, Username) {
    const struct {
        const char* identity;
        const char* username;
    } cases[] = {
        {R"({"type":"Root","principalId":"111122223333","userName":"alias"})", "root"},
        {R"({"type":"IAMUser","userName":"ana"})", "ana"},
        {R"({"type":"IAMUser"})", ""},
        {R"({"type":"AssumedRole","principalId":"AROAX:i-0abc","arn":"arn:aws:sts::1:assumed-role/r/other"})",
         "i-0abc"},
        {R"({"type":"AssumedRole","principalId":"AROAX","arn":"arn:aws:sts::1:assumed-role/r/session"})", "session"},
        {R"({"type":"AssumedRole"})", ""},
        {R"({"type":"FederatedUser","principalId":"111122223333:bob"})", "bob"},
        {R"({"type":"SAMLUser","userName":"sub"})", "sub"},
        {R"({"type":"WebIdentityUser","userName":"sub"})", "sub"},
        {R"({"type":"AWSService","invokedBy":"rds.amazonaws.com","userName":"x"})", ""},
        {R"({"type":"AWSAccount","principalId":"AROAX:session","userName":"x"})", ""},
        {R"({"accountId":"1","invokedBy":"x"})", ""},
        {R"({"type":"Unknown","userName":"who"})", "who"},
        {R"({"type":"IAMUser","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"})", "HIDDEN_DUE_TO_SECURITY_REASONS"},
    };
    Parse parse;
    for (const auto& row : cases)
        EXPECT_EQ(parse.view(record_with(std::string("\"userIdentity\":") + row.identity)).username, row.username)
            << row.identity;
}

TEST(RecordShape, BooleansMayBeTexts) {
    Parse parse;
    EXPECT_EQ(parse.view(record_with(R"("readOnly":true)")).read_only, ReadOnly::yes);
    EXPECT_EQ(parse.view(record_with(R"("readOnly":"True","managementEvent":"True")")).read_only, ReadOnly::yes);
    EXPECT_EQ(parse.view(record_with(R"("readOnly":"false")")).read_only, ReadOnly::no);
    const auto mfa = [&](const char* value) {
        return std::string(
            parse
                .view(
                    record_with(std::string(R"("userIdentity":{"sessionContext":{"attributes":{"mfaAuthenticated":)") +
                                value + "}}}"))
                .mfa_authenticated);
    };
    EXPECT_EQ(mfa("\"true\""), "true");
    EXPECT_EQ(mfa("false"), "false");
    EXPECT_EQ(mfa("\"perhaps\""), "");
    const auto& login = parse.view(
        R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":"Yes"}})");
    EXPECT_EQ(login.mfa_authenticated, "true");
}

TEST(RecordShape, TheAccountIsTheRecipientElseTheCaller) {
    Parse parse;
    EXPECT_EQ(parse.view(record_with(R"("userIdentity":{"accountId":"444455556666"})")).account, "111122223333");
    EXPECT_EQ(
        parse
            .view(
                R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"n","userIdentity":{"accountId":"444455556666"}})")
            .account,
        "444455556666");
}
