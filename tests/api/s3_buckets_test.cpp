#include "api/s3_buckets.h"

#include <gtest/gtest.h>

#include "api/s3_fixture.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

const std::string public_read =
    R"({"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"})";
const std::string policy_of_logs = R"({"Version":"2012-10-17","Statement":[)" + public_read + "]}";

TEST_F(S3Test, ABucketIsMadeSeenAndRemoved) {
    const auto made = call(
        "PUT", "/logs", "root",
        R"(<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-north-1</LocationConstraint></CreateBucketConfiguration>)");
    ASSERT_EQ(made.response.status, 200) << made.response.body;
    EXPECT_EQ(made.header("Location"), "/logs");
    EXPECT_FALSE(made.header("x-amz-request-id").empty());
    EXPECT_FALSE(made.header("x-amz-id-2").empty());
    EXPECT_EQ(buckets_.find("logs")->region, "eu-north-1");
    EXPECT_EQ(buckets_.find("logs")->account, home);

    const auto head = call("HEAD", "/logs");
    EXPECT_EQ(head.response.status, 200);
    EXPECT_EQ(head.header("x-amz-bucket-region"), "eu-north-1");
    EXPECT_EQ(call("HEAD", "/logs/").response.status, 200);
    EXPECT_EQ(std::string(xml_of(call("GET", "/logs?location")).child("LocationConstraint").text().get()),
              "eu-north-1");
    const auto acl = xml_of(call("GET", "/logs/?acl"));
    const auto grant = acl.child("AccessControlPolicy").child("AccessControlList").child("Grant");
    EXPECT_EQ(std::string(grant.child("Permission").text().get()), "FULL_CONTROL");
    EXPECT_EQ(std::string(grant.child("Grantee").attribute("xsi:type").value()), "CanonicalUser");

    put("key");
    EXPECT_EQ(error_of(call("DELETE", "/logs")), "409 BucketNotEmpty");
    ASSERT_TRUE(objects_->remove("logs", "key"));
    EXPECT_EQ(call("DELETE", "/logs").response.status, 204);
    EXPECT_EQ(error_of(call("DELETE", "/logs")), "404 NoSuchBucket");
    const auto gone = call("HEAD", "/logs");
    EXPECT_EQ(gone.response.status, 404);
    EXPECT_TRUE(gone.response.body.empty());
}

TEST_F(S3Test, WhereABucketIsMade) {
    services_.regions = {"us-east-1", "eu-west-1"};
    const auto constraint = [](const std::string& region) {
        return "<CreateBucketConfiguration><LocationConstraint>" + region +
               "</LocationConstraint></CreateBucketConfiguration>";
    };
    EXPECT_EQ(call("PUT", "/signed").response.status, 200);
    EXPECT_EQ(buckets_.find("signed")->region, "eu-west-1") << "where the request is signed for";
    EXPECT_EQ(call("PUT", "/old-name", "root", constraint("EU")).response.status, 200);
    EXPECT_EQ(buckets_.find("old-name")->region, "eu-west-1");
    EXPECT_EQ(call("PUT", "/first", "root", "<CreateBucketConfiguration/>").response.status, 200);
    EXPECT_EQ(buckets_.find("first")->region, "us-east-1");
    EXPECT_EQ(std::string(xml_of(call("GET", "/first?location")).child("LocationConstraint").text().get()), "")
        << "as S3 says us-east-1";
    EXPECT_EQ(error_of(call("PUT", "/third", "root", constraint("mars-1"))), "400 InvalidLocationConstraint");
    EXPECT_EQ(error_of(call("PUT", "/third", "root", "<Create")), "400 MalformedXML");
    EXPECT_EQ(error_of(call("PUT", "/third", "root", "<Other/>")), "400 MalformedXML");
    EXPECT_FALSE(buckets_.find("third"));
}

TEST_F(S3Test, NamesOfBuckets) {
    for (const char* name : {"ab", "Upper", "a_b", "-ab", "ab-", "a..b", "192.168.0.1", "ingest", "v1", "metrics",
                             "healthz", "readyz", "PutAuditEvents"})
        EXPECT_EQ(error_of(call("PUT", std::string("/") + name)), "400 InvalidBucketName") << name;
    make_bucket("logs");
    make_bucket("theirs", other);
    EXPECT_EQ(error_of(call("PUT", "/logs")), "409 BucketAlreadyOwnedByYou");
    EXPECT_EQ(error_of(call("PUT", "/theirs")), "409 BucketAlreadyExists");
    EXPECT_EQ(error_of(call("PUT", "/open", "root", "", {{"x-amz-acl", "public-read"}})),
              "400 InvalidBucketAclWithObjectOwnership");
}

TEST_F(S3Test, BucketsOfTheCallerAreListed) {
    for (const char* name : {"logs", "a-first", "logs-2"}) make_bucket(name);
    make_bucket("theirs", other);
    const auto names = [&](const std::string& target) {
        std::vector<std::string> found;
        const auto document = xml_of(call("GET", target));
        for (const auto& bucket : document.document_element().child("Buckets").children())
            found.emplace_back(bucket.child("Name").text().get());
        return found;
    };
    EXPECT_EQ(names("/"), (std::vector<std::string>{"a-first", "logs", "logs-2"}));
    EXPECT_EQ(names("/?prefix=logs"), (std::vector<std::string>{"logs", "logs-2"}));
    EXPECT_EQ(names("/?max-buckets=2"), (std::vector<std::string>{"a-first", "logs"}));
    EXPECT_EQ(names("/?max-buckets=2&continuation-token=logs"), (std::vector<std::string>{"logs-2"}));
    EXPECT_EQ(
        std::string(xml_of(call("GET", "/?max-buckets=2")).document_element().child("ContinuationToken").text().get()),
        "logs");
    EXPECT_EQ(names("/?bucket-region=us-east-1"), std::vector<std::string>{});
    EXPECT_EQ(error_of(call("GET", "/?max-buckets=0")), "400 InvalidArgument");
    EXPECT_EQ(error_of(call("GET", "/", "reader")), "403 AccessDenied");
}

TEST_F(S3Test, APolicyIsKeptAsItWasPut) {
    make_bucket("logs");
    EXPECT_EQ(error_of(call("GET", "/logs?policy")), "404 NoSuchBucketPolicy");
    EXPECT_EQ(error_of(call("GET", "/logs?policyStatus")), "404 NoSuchBucketPolicy");
    EXPECT_EQ(call("PUT", "/logs?policy", "root", policy_of_logs).response.status, 204);
    const auto got = call("GET", "/logs?policy");
    EXPECT_EQ(got.response.body, policy_of_logs);
    EXPECT_EQ(got.header("Content-Type"), "application/json");
    EXPECT_EQ(
        std::string(xml_of(call("GET", "/logs?policyStatus")).child("PolicyStatus").child("IsPublic").text().get()),
        "true");
    EXPECT_EQ(call("DELETE", "/logs?policy").response.status, 204);
    EXPECT_EQ(error_of(call("GET", "/logs?policy")), "404 NoSuchBucketPolicy");
    EXPECT_TRUE(buckets_.find("logs")->policy.empty());
}

TEST_F(S3Test, APolicyThatMakesNoSenseIsNotKept) {
    make_bucket("logs");
    const auto of = [](const std::string& resource) {
        return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":")" +
               resource + R"("}]})";
    };
    for (const auto& text : {std::string(), std::string("{}"), std::string("no json"), of("arn:aws:s3:::other/*"),
                             of("*"), of("arn:aws:s3:::logs2/x"), of("arn:aws:s3:::logs/" + std::string(21'000, 'x'))})
        EXPECT_EQ(error_of(call("PUT", "/logs?policy", "root", text)), "400 MalformedPolicy") << text.substr(0, 200);
    EXPECT_TRUE(buckets_.find("logs")->policy.empty());
}

TEST_F(S3Test, ManagementCallsAreRecordedAndReadsOfObjectsAreNot) {
    make_bucket("logs");
    put("key");
    call("GET", "/logs/key");
    call("GET", "/logs");
    call("HEAD", "/logs");
    call("PUT", "/logs?policy", "root", policy_of_logs);
    const auto event = engine_.wait_for_events("PutBucketPolicy", 1).at(0);
    EXPECT_EQ(event.text("eventSource"), "s3.amazonaws.com");
    EXPECT_EQ(event.text("awsRegion"), "eu-west-1");
    EXPECT_FALSE(event.find("readOnly")->as_bool());
    const auto* parameters = event.find("requestParameters");
    EXPECT_EQ(parameters->text("bucketName"), "logs");
    EXPECT_EQ(parameters->text("Host"), "127.0.0.1:4610");
    EXPECT_EQ(to_text(*parameters->find("bucketPolicy")), policy_of_logs) << "names of a policy stay";
    EXPECT_EQ(to_text(*event.find("resources")),
              R"([{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs"}])");
    EXPECT_EQ(event.find("additionalEventData")->text("AuthenticationMethod"), "AuthHeader");

    call("GET", "/");
    EXPECT_TRUE(engine_.wait_for_events("ListBuckets", 1).at(0).find("readOnly")->as_bool());
    call("DELETE", "/none", "nobody");
    EXPECT_EQ(engine_.wait_for_events("DeleteBucket", 1).at(0).text("errorCode"), "NoSuchBucket");
    EXPECT_TRUE(engine_.wait_for_events("GetObject", 0).empty());
    EXPECT_TRUE(engine_.wait_for_events("ListObjects", 0).empty());
    EXPECT_TRUE(engine_.wait_for_events("HeadBucket", 0).empty());
}

TEST_F(S3Test, AWriteThatCannotBeRecordedIsAnError) {
    engine_.ingest_failure = fail(Code::exhausted, "the disk budget is spent");
    EXPECT_EQ(error_of(call("PUT", "/logs")), "500 InternalError");
}

TEST_F(S3Test, WhatToolsAskOfABucket) {
    make_bucket("logs");
    const struct {
        const char* sub_resource;
        const char* answer;
    } cases[] = {
        {"versioning", "<VersioningConfiguration"},
        {"encryption", "<SSEAlgorithm>AES256</SSEAlgorithm>"},
        {"tagging", "<Code>NoSuchTagSet</Code>"},
        {"lifecycle", "<Code>NoSuchLifecycleConfiguration</Code>"},
        {"cors", "<Code>NoSuchCORSConfiguration</Code>"},
        {"publicAccessBlock", "<BlockPublicAcls>true</BlockPublicAcls>"},
        {"object-lock", "<Code>ObjectLockConfigurationNotFoundError</Code>"},
        {"replication", "<Code>ReplicationConfigurationNotFoundError</Code>"},
        {"notification", "<NotificationConfiguration"},
        {"logging", "<BucketLoggingStatus"},
        {"website", "<Code>NoSuchWebsiteConfiguration</Code>"},
        {"accelerate", "<AccelerateConfiguration"},
        {"requestPayment", "<Payer>BucketOwner</Payer>"},
        {"ownershipControls", "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>"},
        {"uploads", "<IsTruncated>false</IsTruncated>"},
        {"inventory", "<Code>NotImplemented</Code>"},
    };
    for (const auto& row : cases) {
        const auto answer = call("GET", std::string("/logs?") + row.sub_resource);
        EXPECT_NE(answer.response.body.find(row.answer), std::string::npos)
            << row.sub_resource << ": " << answer.response.body;
        EXPECT_EQ(error_of(call("GET", std::string("/none?") + row.sub_resource)).substr(0, 3),
                  row.sub_resource == std::string("inventory") ? "501" : "404");
    }
    EXPECT_EQ(error_of(call("PUT", "/logs?versioning", "root", "<VersioningConfiguration/>")), "501 NotImplemented");
    EXPECT_EQ(error_of(call("PATCH", "/logs")), "405 MethodNotAllowed");
}

}  // namespace
