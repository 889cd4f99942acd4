#include "wire/operations.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::wire;

TEST(Operations, EveryNameLeadsBackToItsRow) {
    std::size_t services = 0, operations = 0;
    for (const auto service : all_services()) {
        ++services;
        EXPECT_EQ(find_service(service.name()), service) << service.name();
        EXPECT_TRUE(service.signs_as(service.signing_name()));
        EXPECT_TRUE(service.event_source().ends_with(".amazonaws.com")) << service.name();
        for (const auto operation : service.operations()) {
            ++operations;
            EXPECT_EQ(service.find(operation.name()), operation) << service.name() << ' ' << operation.name();
            EXPECT_EQ(operation.service(), service);
        }
    }
    EXPECT_GT(services, 450u);
    EXPECT_GT(operations, 19'000u);
    EXPECT_LE(operations_table_bytes(), 8u << 20);
}

TEST(Operations, NamesThatAreNotThereLeadNowhere) {
    EXPECT_FALSE(find_service(""));
    EXPECT_FALSE(find_service("S3"));
    EXPECT_TRUE(services_of_scope("no-such").empty());
    EXPECT_TRUE(services_of_target("").empty());
    EXPECT_FALSE(find_service("s3").find("GetObjects"));
    EXPECT_FALSE(find_service("s3").find("DescribeInstances"));
}

TEST(Operations, ServicesAreFoundByWhatIsOnTheWire) {
    const auto names = [](const ServiceList& list) {
        std::set<std::string> out;
        for (const auto service : list) out.emplace(service.name());
        return out;
    };
    EXPECT_TRUE(names(services_of_scope("rds")).contains("docdb"));
    EXPECT_TRUE(names(services_of_scope("s3express")).contains("s3"));
    EXPECT_TRUE(names(services_of_scope("sqs")).contains("sqs@query"));
    EXPECT_EQ(names(services_of_target("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101")),
              (std::set<std::string>{"cloudtrail"}));
    EXPECT_EQ(names(services_of_target("CloudTrail_20131101")), (std::set<std::string>{"cloudtrail"}));
    EXPECT_EQ(names(services_of_version("2012-06-01")).contains("elb"), true);
    EXPECT_TRUE(names(services_of_endpoint("monitoring")).contains("cloudwatch"));
}

TEST(Operations, SayWhatARecordNeeds) {
    const auto s3 = find_service("s3");
    EXPECT_EQ(s3.event_source("s3express"), "s3express.amazonaws.com");
    EXPECT_EQ(s3.event_source("s3"), "s3.amazonaws.com");
    EXPECT_EQ(s3.find("PutBucketLifecycleConfiguration").event_name(), "PutBucketLifecycle");
    EXPECT_EQ(s3.find("GetObject").data_type(), "AWS::S3::Object");
    EXPECT_EQ(s3.find("ListMultipartUploads").data_type(), "");
    EXPECT_TRUE(s3.find("PutObject").request_streams());
    const auto lambda = find_service("lambda");
    EXPECT_EQ(lambda.find("UpdateFunctionCode").event_name(), "UpdateFunctionCode20150331v2");
    EXPECT_EQ(lambda.find("Invoke").event_name(), "Invoke");
    EXPECT_FALSE(lambda.find("CreateFunction").read_only());
    const auto iam = find_service("iam");
    EXPECT_EQ(iam.find("GetUser").error_name("NoSuchEntity"), "NoSuchEntityException");
    EXPECT_EQ(iam.find("GetUser").error_name("Throttling"), "Throttling");
    EXPECT_EQ(iam.global_region(), "us-east-1");
    const auto ec2 = find_service("ec2");
    EXPECT_TRUE(ec2.find("RunInstances").legacy_rendering());
    EXPECT_FALSE(ec2.find("CreateLaunchTemplate").legacy_rendering());
    EXPECT_EQ(ec2.item_set("InstanceId").set, "instancesSet");
    EXPECT_EQ(ec2.item_set("Nothing").set, "");
    EXPECT_EQ(ec2.placeholder(), "<sensitiveDataRemoved>");
    EXPECT_TRUE(find_service("sts").find("AssumeRole").keeps_response());
    EXPECT_TRUE(find_service("sts").find("AssumeRole").output());
    EXPECT_FALSE(ec2.find("DescribeInstances").output());
}

TEST(Operations, ShapesTellMembersTypesAndSecrets) {
    const auto secret = find_service("secretsmanager").find("CreateSecret").input();
    ASSERT_EQ(secret.kind(), FactKind::structure);
    EXPECT_TRUE(secret.find("SecretString").omitted());
    EXPECT_TRUE(secret.find("Name").required());
    EXPECT_TRUE(secret.find("ClientRequestToken").idempotency_token());
    EXPECT_EQ(secret.find("Tags").shape().element().shape().find("Key").shape().kind(), FactKind::string);
    EXPECT_FALSE(secret.find("NoSuchMember"));
    const auto rds = find_service("rds").find("CreateDBInstance").input();
    EXPECT_TRUE(rds.find("MasterUserPassword").hidden());
    const auto run = find_service("ec2").find("RunInstances").input();
    EXPECT_EQ(run.find("SecurityGroupIds").wire_name(), "SecurityGroupId");
    EXPECT_TRUE(run.find("UserData").hidden());
    const auto value = find_service("dynamodb").find("PutItem").input().find("ExpressionAttributeValues").shape();
    EXPECT_EQ(value.kind(), FactKind::map);
    const auto attribute = value.value().shape();  // holds itself in its lists and maps
    EXPECT_EQ(attribute.find("L").shape().element().shape().find("S").shape().kind(), FactKind::string);
    const auto put = find_service("s3").find("PutObject").input();
    EXPECT_EQ(put.find("Key").location(), Location::uri);
    EXPECT_EQ(put.find("ACL").wire_name(), "x-amz-acl");
    EXPECT_EQ(put.find("Metadata").location(), Location::header_prefix);
    EXPECT_TRUE(put.find("Body").payload());
}
