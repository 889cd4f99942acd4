#include "match/selector_match.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "event/record_support.h"
#include "match/selector_rules.h"

using namespace cairn;
using namespace cairn::match;

namespace {

CompiledSelectors basic(const std::string& text) {
    const auto selectors = read_basic_selectors(*parse_json("[" + text + "]"));
    EXPECT_TRUE(selectors && validate(*selectors)) << text;
    return CompiledSelectors({*selectors, {}});
}

CompiledSelectors advanced(const std::string& fields) {
    const auto selectors = read_advanced_selectors(*parse_json(R"([{"FieldSelectors":[)" + fields + "]}]"));
    EXPECT_TRUE(selectors && validate(*selectors)) << fields;
    return CompiledSelectors({{}, *selectors});
}

bool selected(const CompiledSelectors& selectors, const std::string& members) {
    Parse parse;
    return selectors.selects(
        parse.view(R"({"eventTime":"2026-01-02T03:04:05Z","awsRegion":"us-east-1",)" + members + "}"));
}

/// The members of a call.
std::string happened(const std::string& category, const std::string& source, const std::string& name,
                     const std::string& more = "") {
    return R"("eventCategory":")" + category + R"(","eventSource":")" + source + R"(.amazonaws.com","eventName":")" +
           name + "\"" + (more.empty() ? "" : ",") + more;
}

std::string object(const std::string& arn, const std::string& more = "") {
    return happened(
        "Data", "s3", "GetObject",
        R"("readOnly":true,"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket"},{"type":"AWS::S3::Object","ARN":")" +
            arn + "\"}]" + (more.empty() ? "" : ",") + more);
}

const std::string reading = R"("readOnly":true)", writing = R"("readOnly":false)";
const std::string insight =
    R"("eventCategory":"Insight","eventType":"AwsCloudTrailInsight","insightDetails":{"insightType":"ApiCallRateInsight","eventSource":"a","eventName":"b"})";

}  // namespace

TEST(CompiledSelectors, WithoutSelectorsAllManagementEventsAreSelected) {
    const CompiledSelectors none;
    EXPECT_TRUE(selected(none, happened("Management", "ec2", "RunInstances", writing)));
    EXPECT_TRUE(selected(none, happened("Management", "kms", "Decrypt", reading)));
    for (const char* category : {"Data", "NetworkActivity", "ConfigurationItem"})
        EXPECT_FALSE(selected(none, happened(category, "s3", "GetObject", reading))) << category;
    EXPECT_FALSE(selected(none, insight));
    EXPECT_TRUE(none == basic("{}")) << "what the default is written as";
}

TEST(CompiledSelectors, BasicManagementEvents) {
    const struct {
        const char* selector;
        std::string event;
        bool selected;
    } cases[] = {
        {R"({"ReadWriteType":"ReadOnly"})", happened("Management", "ec2", "DescribeX", reading), true},
        {R"({"ReadWriteType":"ReadOnly"})", happened("Management", "ec2", "RunX", writing), false},
        {R"({"ReadWriteType":"WriteOnly"})", happened("Management", "ec2", "DescribeX", reading), false},
        {R"({"ReadWriteType":"WriteOnly"})", happened("Management", "ec2", "RunX", writing), true},
        {R"({"ReadWriteType":"WriteOnly"})", happened("Management", "ec2", "RunX"), true},
        {R"({"ReadWriteType":"ReadOnly"})", happened("Management", "ec2", "RunX"), false},
        {"{}", happened("Management", "ec2", "RunX"), true},
        {R"({"IncludeManagementEvents":false})", happened("Management", "ec2", "RunX", writing), false},
        {R"({"ExcludeManagementEventSources":["kms.amazonaws.com"]})",
         happened("Management", "kms", "Decrypt", reading), false},
        {R"({"ExcludeManagementEventSources":["kms.amazonaws.com"]})",
         happened("Management", "rdsdata", "ExecuteSql", reading), true},
        {R"({"ExcludeManagementEventSources":["kms.amazonaws.com"]},{"ReadWriteType":"ReadOnly"})",
         happened("Management", "kms", "Decrypt", reading), true},
        {R"({"ReadWriteType":"ReadOnly"},{"ReadWriteType":"WriteOnly"})",
         happened("Management", "ec2", "RunX", writing), true},
    };
    for (const auto& row : cases)
        EXPECT_EQ(selected(basic(row.selector), row.event), row.selected) << row.selector << row.event;
}

TEST(CompiledSelectors, BasicDataEvents) {
    const auto values = [](const char* type, const char* list, const char* more = "") {
        return std::string(R"({"DataResources":[{"Type":")") + type + R"(","Values":[)" + list + "]}]" + more + "}";
    };
    const auto invoke = [](const char* arn) {
        return happened("Data", "lambda", "Invoke",
                        std::string(R"("resources":[{"type":"AWS::Lambda::Function","ARN":")") + arn + "\"}]");
    };
    const std::string function = "arn:aws:lambda:us-east-1:111122223333:function:f";
    const struct {
        std::string selector, event;
        bool selected;
    } cases[] = {
        {values("AWS::S3::Object", R"("arn:aws:s3")"), object("arn:aws:s3:::bucket/key"), true},
        {values("AWS::S3::Object", R"("arn:aws:s3:::")"), object("arn:aws:s3:::bucket/key"), true},
        {values("AWS::S3::Object", R"("arn:aws-cn:s3")"), object("arn:aws:s3:::bucket/key"), false},
        {values("AWS::S3::Object", R"("arn:aws:s3:::bucket/")"), object("arn:aws:s3:::bucket/key"), true},
        {values("AWS::S3::Object", R"("arn:aws:s3:::bucket/a")"), object("arn:aws:s3:::bucket/a/b"), true},
        {values("AWS::S3::Object", R"("arn:aws:s3:::bucket/a/")"), object("arn:aws:s3:::bucket/ab"), false},
        {values("AWS::S3::Object", R"("arn:aws:s3:::other/","arn:aws:s3:::bucket/")"),
         object("arn:aws:s3:::bucket/key"), true},
        {values("AWS::S3::Object", ""), object("arn:aws:s3:::bucket/key"), false},
        {values("AWS::S3::Object", R"("arn:aws:s3:::bucket/")"),
         happened("Data", "s3", "ListObjects",
                  R"("resources":[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::bucket/"}])"),
         true},
        {values("AWS::S3::Object", R"("arn:aws:s3:::bucket/")"),
         happened("Data", "s3", "GetObject", R"("resources":[{"ARN":"arn:aws:s3:::bucket/key"}])"), true},
        {values("AWS::S3::Object", R"("arn:aws:s3")"), happened("Data", "s3", "GetObject"), false},
        {values("AWS::S3::Object", R"("arn:aws:s3")", R"(,"ReadWriteType":"WriteOnly")"),
         object("arn:aws:s3:::bucket/key"), false},
        {values("AWS::S3::Object", R"("arn:aws:s3")", R"(,"IncludeManagementEvents":false)"),
         object("arn:aws:s3:::bucket/key"), true},
        {values("AWS::S3::Object", R"("arn:aws:s3")"), invoke(function.c_str()), false},
        {values("AWS::S3::Object", R"("arn:aws:s3")"),
         happened("NetworkActivity", "s3", "GetObject",
                  R"("resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket/key"}])"),
         false},
        {values("AWS::Lambda::Function", R"("arn:aws:lambda")"), invoke(function.c_str()), true},
        {values("AWS::Lambda::Function", ("\"" + function + "\"").c_str()), invoke(function.c_str()), true},
        {values("AWS::Lambda::Function", ("\"" + function + "\"").c_str()), invoke((function + "2").c_str()), false},
        {values("AWS::DynamoDB::Table", R"("arn:aws:dynamodb:us-east-1:111122223333:table/t")"),
         happened(
             "Data", "dynamodb", "GetItem",
             R"("resources":[{"type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:us-east-1:111122223333:table/t"}])"),
         true},
        {values("AWS::DynamoDB::Table", R"("arn:aws:dynamodb:us-east-1:111122223333:table/t")"),
         happened(
             "Data", "dynamodb", "GetItem",
             R"("resources":[{"type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:us-east-1:111122223333:table/t2"}])"),
         false},
    };
    for (const auto& row : cases)
        EXPECT_EQ(selected(basic(row.selector), row.event), row.selected) << row.selector << row.event;
}

TEST(CompiledSelectors, OperatorsSelectAndDeselect) {
    // The user guide's example, "How CloudTrail evaluates multiple conditions for a field".
    const auto selectors = advanced(
        R"({"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},)"
        R"({"Field":"resources.ARN","Equals":["arn:aws:s3:::a/object1"],"StartsWith":["arn:aws:s3:::a/"],"EndsWith":["object3"],)"
        R"("NotStartsWith":["arn:aws:s3:::a/deselect"],"NotEndsWith":["object5"],"NotEquals":["arn:aws:s3:::a/object6"]})");
    const struct {
        const char* key;
        bool selected;
    } cases[] = {
        {"a/object1", true},
        {"a/object2", true},
        {"other/object3", true},
        {"a/deselect", false},
        {"a/deselect1/object3", false},
        {"a/object5", false},
        {"other/object5", false},
        {"a/object6", false},
        {"a/object60", true},
        {"other/object2", false},
        {"A/object1", false},
    };
    for (const auto& row : cases)
        EXPECT_EQ(selected(selectors, object("arn:aws:s3:::" + std::string(row.key))), row.selected) << row.key;
}

TEST(CompiledSelectors, AdvancedFields) {
    const std::string management = R"({"Field":"eventCategory","Equals":["Management"]})";
    const std::string data =
        R"({"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]})";
    const std::string network =
        R"({"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["s3.amazonaws.com"]})";
    const std::string key = "arn:aws:s3:::bucket/key";
    const struct {
        std::string fields, event;
        bool selected;
    } cases[] = {
        {management, happened("Management", "ec2", "RunX"), true},
        {management, object(key), false},
        {management + R"(,{"Field":"readOnly","Equals":["true"]})", happened("Management", "ec2", "X", reading), true},
        {management + R"(,{"Field":"readOnly","Equals":["true"]})", happened("Management", "ec2", "X", writing), false},
        {management + R"(,{"Field":"readOnly","Equals":["true"]})", happened("Management", "ec2", "X"), false},
        {management + R"(,{"Field":"readOnly","Equals":["false"]})", happened("Management", "ec2", "X"), false},
        {management + R"(,{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]})",
         happened("Management", "kms", "X"), false},
        {management + R"(,{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]})",
         happened("Management", "ec2", "X"), true},
        {data, object(key), true},
        {data,
         happened("Data", "lambda", "Invoke",
                  R"("resources":[{"type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:r:1:function:f"}])"),
         false},
        {data, happened("Data", "s3", "GetObject"), false},
        {data,
         happened("Management", "s3", "PutObject",
                  R"("resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket/key"}])"),
         false},
        {data + R"(,{"Field":"eventName","StartsWith":["Get","Put"]})", object(key), true},
        {data + R"(,{"Field":"eventName","NotStartsWith":["Get","Put"]})", object(key), false},
        {data + R"(,{"Field":"eventSource","EndsWith":[".amazonaws.com"]})", object(key), true},
        {data + R"(,{"Field":"eventType","Equals":["AwsApiCall"]})", object(key), false},
        {data + R"(,{"Field":"eventType","NotEquals":["AwsApiCall"]})", object(key), true},
        {data + R"(,{"Field":"eventType","Equals":["AwsApiCall"]})", object(key, R"("eventType":"AwsApiCall")"), true},
        {data + R"(,{"Field":"userIdentity.arn","EndsWith":["/ana"]})",
         object(key, R"("userIdentity":{"arn":"arn:aws:iam::111122223333:user/ana"})"), true},
        {data + R"(,{"Field":"userIdentity.arn","EndsWith":["/ana"]})", object(key), false},
        {data + R"(,{"Field":"userIdentity.arn","NotEndsWith":["/ana"]})", object(key), true},
        {data + R"(,{"Field":"sessionCredentialFromConsole","Equals":["true"]})",
         object(key, R"("sessionCredentialFromConsole":"true")"), true},
        {data + R"(,{"Field":"sessionCredentialFromConsole","Equals":["true"]})",
         object(key, R"("sessionCredentialFromConsole":true)"), true},
        {data + R"(,{"Field":"sessionCredentialFromConsole","Equals":["true"]})",
         object(key, R"("sessionCredentialFromConsole":"false")"), false},
        {data + R"(,{"Field":"sessionCredentialFromConsole","Equals":["true"]})", object(key), false},
        {data + R"(,{"Field":"sessionCredentialFromConsole","NotEquals":["true"]})", object(key), true},
        {data + R"(,{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::bucket"]})",
         object("arn:aws:s3:::other/key"), true},  // its bucket is of another type
        {data + R"(,{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"],"NotStartsWith":["arn:aws:s3:::a/"]})",
         happened(
             "Data", "s3", "CopyObject",
             R"("resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::a/x"},{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/x"}])"),
         false},
        {data + R"(,{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"]})",
         happened(
             "Data", "s3", "CopyObject",
             R"("resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::a/x"},{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/x"}])"),
         true},
        {network, happened("NetworkActivity", "s3", "GetObject"), true},
        {network, happened("NetworkActivity", "kms", "Decrypt"), false},
        {network + R"(,{"Field":"errorCode","Equals":["VpceAccessDenied"]})",
         happened("NetworkActivity", "s3", "GetObject", R"("errorCode":"VpceAccessDenied")"), true},
        {network + R"(,{"Field":"errorCode","Equals":["VpceAccessDenied"]})",
         happened("NetworkActivity", "s3", "GetObject"), false},
        {network + R"(,{"Field":"vpcEndpointId","Equals":["vpce-1"]})",
         happened("NetworkActivity", "s3", "GetObject", R"("vpcEndpointId":"vpce-1")"), true},
        {network + R"(,{"Field":"vpcEndpointId","NotEquals":["vpce-1"]})",
         happened("NetworkActivity", "s3", "GetObject", R"("vpcEndpointId":"vpce-1")"), false},
    };
    for (const auto& row : cases)
        EXPECT_EQ(selected(advanced(row.fields), row.event), row.selected) << row.fields << row.event;
}

TEST(CompiledSelectors, InsightsOfTheTypesAskedFor) {
    const CompiledSelectors both({}, {{"ApiErrorRateInsight", {}}, {"ApiCallRateInsight", {}}}),
        other({}, {{"ApiErrorRateInsight", {}}});
    EXPECT_TRUE(selected(both, insight));
    EXPECT_FALSE(selected(other, insight));
    EXPECT_FALSE(selected(other, R"("eventCategory":"Insight")"));
    EXPECT_TRUE(selected(both, R"("eventCategory":"Insight","insightType":"ApiErrorRateInsight")")) << "the flat form";
    EXPECT_TRUE(selected(both, happened("Management", "ec2", "X")));
}

TEST(CompiledSelectors, WhatTheRulesRefuseSelectsNothing) {
    const auto compiled = [](const char* text) {
        return CompiledSelectors({{}, *read_advanced_selectors(*parse_json(text))});
    };
    for (
        const char* text :
        {R"([{}])", R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Other"]}]}])",
         R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"nosuch","NotEquals":["x"]}]}])"}) {
        EXPECT_FALSE(selected(compiled(text), happened("Management", "ec2", "X"))) << text;
        EXPECT_FALSE(selected(compiled(text), happened("ConfigurationItem", "ec2", "X"))) << text;
    }
}
