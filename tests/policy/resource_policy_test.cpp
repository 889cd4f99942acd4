#include "policy/resource_policy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cairn::policy {
namespace {

constexpr const char* trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/one";

/// The documented policy of a trail's bucket (CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail").
std::string documented(
    std::string_view condition =
        R"("StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one"})") {
    return fmt::format(R"({{"Version":"2012-10-17","Statement":[
        {{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::b"}},
        {{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{{"Service":["cloudtrail.amazonaws.com"]}},"Action":"s3:PutObject",
          "Resource":"arn:aws:s3:::b/AWSLogs/111122223333/*","Condition":{{{}}}}}]}})",
                       condition);
}

Call put(std::string key, std::string acl = "bucket-owner-full-control", std::string source = trail) {
    return {"s3:PutObject",
            "arn:aws:s3:::b/" + key,
            {{"s3:x-amz-acl", std::move(acl)},
             {"aws:SourceArn", std::move(source)},
             {"aws:SourceAccount", "111122223333"}}};
}

const Caller service{"cloudtrail.amazonaws.com", "", "", ""};

TEST(ResourcePolicy, TheDocumentedPolicyOfATrailsBucketLetsTheServiceWrite) {
    const auto policy = ResourcePolicy::parse(documented());
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->evaluate(service, {"s3:GetBucketAcl", "arn:aws:s3:::b", {}}), Decision::allowed);
    EXPECT_EQ(policy->evaluate(service, put("AWSLogs/111122223333/CloudTrail/x.json.gz")), Decision::allowed);
    EXPECT_EQ(policy->evaluate(service, put("AWSLogs/999999999999/x")), Decision::denied_implicitly);
    EXPECT_EQ(policy->evaluate(service, put("AWSLogs/111122223333/x", "private")), Decision::denied_implicitly);
    EXPECT_EQ(policy->evaluate(service, put("AWSLogs/111122223333/x", "bucket-owner-full-control",
                                            "arn:aws:cloudtrail:us-east-1:111122223333:trail/two")),
              Decision::denied_implicitly);
    EXPECT_EQ(policy->evaluate({"config.amazonaws.com", "", "", ""}, put("AWSLogs/111122223333/x")),
              Decision::denied_implicitly);
    EXPECT_EQ(
        policy->evaluate({"", "111122223333", "arn:aws:iam::111122223333:user/mia", ""}, put("AWSLogs/111122223333/x")),
        Decision::denied_implicitly);
    EXPECT_FALSE(policy->is_public());
    const auto by_account =
        ResourcePolicy::parse(documented(R"("StringEquals":{"aws:SourceAccount":["999999999999","111122223333"]})"));
    ASSERT_TRUE(by_account);
    EXPECT_EQ(by_account->evaluate(service, put("AWSLogs/111122223333/x")), Decision::allowed);
}

TEST(ResourcePolicy, Principals) {
    const Caller user{"", "111122223333", "arn:aws:iam::111122223333:user/mia", ""};
    const Caller session{"", "111122223333", "arn:aws:sts::111122223333:assumed-role/ops/x",
                         "arn:aws:iam::111122223333:role/ops"};
    const struct {
        const char* principal;
        bool user, session, service;
    } cases[] = {
        {R"("Principal":"*")", true, true, true},
        {R"("Principal":{"AWS":"*"})", true, true, true},
        {R"("Principal":{"AWS":"111122223333"})", true, true, false},
        {R"("Principal":{"AWS":"arn:aws:iam::111122223333:root"})", true, true, false},
        {R"("Principal":{"AWS":["arn:aws:iam::111122223333:user/mia"]})", true, false, false},
        {R"("Principal":{"AWS":"arn:aws:iam::111122223333:role/ops"})", false, true, false},
        {R"("Principal":{"AWS":"999999999999","Service":"cloudtrail.amazonaws.com"})", false, false, true},
        {R"("Principal":{"Federated":"accounts.example.com"})", false, false, false},
        {R"("NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/mia"})", false, true, true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.principal);
        const auto policy = ResourcePolicy::parse(fmt::format(
            R"({{"Statement":{{"Effect":"Allow",{},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}}}})", row.principal));
        ASSERT_TRUE(policy) << policy.error().message;
        const Call call{"s3:GetObject", "arn:aws:s3:::b/k", {}};
        EXPECT_EQ(policy->evaluate(user, call) == Decision::allowed, row.user);
        EXPECT_EQ(policy->evaluate(session, call) == Decision::allowed, row.session);
        EXPECT_EQ(policy->evaluate(service, call) == Decision::allowed, row.service);
    }
}

TEST(ResourcePolicy, ADenyWins) {
    const auto policy = ResourcePolicy::parse(R"({"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"},
        {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}]})");
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->evaluate({}, {"s3:GetObject", "arn:aws:s3:::b/k", {}}), Decision::allowed);
    EXPECT_EQ(policy->evaluate({}, {"s3:GetObject", "arn:aws:s3:::b/secret/k", {}}), Decision::denied_explicitly);
    EXPECT_TRUE(policy->is_public());
}

TEST(ResourcePolicy, WhatIsWrongIsNamed) {
    const struct {
        const char* json;
        const char* says;
    } cases[] = {
        {"{", "policy"},
        {R"({"Statement":[]})", "no Statement"},
        {R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})", "Principal"},
        {R"({"Statement":{"Effect":"Allow","Principal":"me","Action":"s3:*","Resource":"*"}})", "Principal"},
        {R"({"Statement":{"Effect":"Allow","Principal":{},"Action":"s3:*","Resource":"*"}})", "nobody"},
        {R"({"Statement":{"Effect":"Allow","Principal":{"Who":"x"},"Action":"s3:*","Resource":"*"}})", "Who"},
        {R"({"Statement":{"Effect":"Allow","Principal":{"AWS":5},"Action":"s3:*","Resource":"*"}})", "AWS"},
        {R"({"Version":"2011-01-01","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}})",
         "Version"},
    };
    for (const auto& row : cases) {
        const auto policy = ResourcePolicy::parse(row.json);
        ASSERT_FALSE(policy) << row.json;
        EXPECT_NE(policy.error().message.find(row.says), std::string::npos) << policy.error().message;
    }
}

}  // namespace
}  // namespace cairn::policy
