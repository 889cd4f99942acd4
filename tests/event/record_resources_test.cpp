#include <gtest/gtest.h>

#include "event/resource_rules.h"
#include "record_support.h"

using namespace cairn;

TEST(RecordResources, AreDerivedPerCall) {
    const struct {
        std::string record;
        Pairs resources;
    } cases[] = {
        {call(
             "ec2", "StopInstances",
             R"({"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]},"force":false})",
             R"({"instancesSet":{"items":[{"instanceId":"i-1","currentState":{"name":"stopping"}},{"instanceId":"i-2"}]}})"),
         {{"AWS::EC2::Instance", "i-1"}, {"AWS::EC2::Instance", "i-2"}}},
        {call("ec2", "DescribeInstances", R"({"instancesSet":{"items":[{"instanceId":"i-1"}]},"filterSet":{}})"), {}},
        {call("ec2", "DescribeInstanceStatus", R"({"instancesSet":{"items":[{"instanceId":"i-1"}]}})"), {}},
        {call(
             "ec2", "DescribeLaunchTemplateVersions",
             R"({"DescribeLaunchTemplateVersionsRequest":{"LaunchTemplateId":"lt-1","LaunchTemplateVersion":{"tag":1,"content":"1"}}})"),
         {{"AWS::EC2::LaunchTemplate", "lt-1"}}},
        {call(
             "ec2", "CreateFlowLogs",
             R"({"CreateFlowLogsRequest":{"ResourceId":[{"tag":1,"content":"vpc-1"},{"tag":2,"content":"eni-2"}],"LogGroupName":"flow"}})",
             R"({"CreateFlowLogsResponse":{"flowLogIdSet":{"item":"x"},"unsuccessful":""}})"),
         {{"AWS::EC2::VPC", "vpc-1"}, {"AWS::EC2::NetworkInterface", "eni-2"}, {"AWS::Logs::LogGroup", "flow"}}},
        {call(
             "ec2", "CreateTags",
             R"({"resourcesSet":{"items":[{"resourceId":"vol-1"},{"resourceId":"odd-1"}]},"tagSet":{"items":[{"key":"instanceId","value":"i-9"}]}})"),
         {{"AWS::EC2::Volume", "vol-1"}, {"", "odd-1"}}},
        {call(
             "sts", "AssumeRole",
             R"({"roleArn":"arn:aws:iam::1:role/ops","roleSessionName":"s1","durationSeconds":900})",
             R"({"credentials":{"accessKeyId":"ASIA1","sessionToken":"t","expiration":"x"},"assumedRoleUser":{"assumedRoleId":"AROA1:s1","arn":"arn:aws:sts::1:assumed-role/ops/s1"}})"),
         {{"AWS::IAM::AccessKey", "ASIA1"},
          {"AWS::STS::AssumedRole", "s1"},
          {"AWS::STS::AssumedRole", "AROA1:s1"},
          {"AWS::STS::AssumedRole", "arn:aws:sts::1:assumed-role/ops/s1"},
          {"AWS::IAM::Role", "arn:aws:iam::1:role/ops"}}},
        {call("iam", "CreateUser", R"({"userName":"ana"})",
              R"({"user":{"userName":"ana","userId":"AIDA1","arn":"arn:aws:iam::1:user/ana","path":"/"}})"),
         {{"AWS::IAM::User", "ana"}, {"AWS::IAM::User", "AIDA1"}, {"AWS::IAM::User", "arn:aws:iam::1:user/ana"}}},
        {call("iam", "CreateAccessKey", R"({"userName":"ana"})",
              R"({"accessKey":{"accessKeyId":"AKIA1","userName":"ana","status":"Active"}})"),
         {{"AWS::IAM::User", "ana"}, {"AWS::IAM::AccessKey", "AKIA1"}}},
        {call("iam", "CreateRole", R"({"roleName":"r"})",
              R"({"role":{"roleName":"r","roleId":"AROA1","arn":"arn:aws:iam::1:role/r"}})"),
         {{"AWS::IAM::Role", "r"}, {"AWS::IAM::Role", "AROA1"}, {"AWS::IAM::Role", "arn:aws:iam::1:role/r"}}},
        {call("iam", "AttachRolePolicy", R"({"roleName":"r","policyArn":"arn:aws:iam::aws:policy/P"})"),
         {{"AWS::IAM::Role", "r"}, {"AWS::IAM::Policy", "arn:aws:iam::aws:policy/P"}}},
        {call("s3", "GetBucketAcl", R"({"bucketName":"b","acl":"","Host":"b.s3.amazonaws.com"})"),
         {{"AWS::S3::Bucket", "b"}}},
        {call("s3", "ListBuckets", R"({"Host":"s3.amazonaws.com"})"), {}},
        {call("cloudtrail", "StartLogging", R"({"name":"arn:aws:cloudtrail:us-east-1:1:trail/t"})"),
         {{"AWS::CloudTrail::Trail", "arn:aws:cloudtrail:us-east-1:1:trail/t"}}},
        {call("cloudtrail", "CreateTrail",
              R"({"name":"t","s3BucketName":"b","isMultiRegionTrail":true,"snsTopicName":"n"})",
              R"({"name":"t","s3BucketName":"b","trailARN":"arn:aws:cloudtrail:us-east-1:1:trail/t"})"),
         {{"AWS::CloudTrail::Trail", "t"},
          {"AWS::CloudTrail::Trail", "arn:aws:cloudtrail:us-east-1:1:trail/t"},
          {"AWS::S3::Bucket", "b"},
          {"AWS::SNS::Topic", "n"}}},
        {call("kms", "Decrypt",
              R"({"keyId":"arn:aws:kms:eu-west-1:1:key/k","encryptionAlgorithm":"SYMMETRIC_DEFAULT"})"),
         {}},
        {call("kms", "DisableKey", R"({"keyId":"k"})"), {{"AWS::KMS::Key", "k"}}},
        {call("rds", "CreateDBSnapshot", R"({"dBSnapshotIdentifier":"s","dBInstanceIdentifier":"d"})"),
         {{"AWS::RDS::DBSnapshot", "s"}, {"AWS::RDS::DBInstance", "d"}}},
        {call("lambda", "UpdateFunctionCode20150331v2", R"({"functionName":"f","s3Bucket":"b"})",
              R"({"functionArn":"arn:aws:lambda:x:1:function:f","role":"arn:aws:iam::1:role/r"})"),
         {{"AWS::Lambda::Function", "f"},
          {"AWS::S3::Bucket", "b"},
          {"AWS::Lambda::Function", "arn:aws:lambda:x:1:function:f"},
          {"AWS::IAM::Role", "arn:aws:iam::1:role/r"}}},
        {call("cloudformation", "CreateStack", R"({"stackName":"s","parameters":[{"vpcId":"no"}]})",
              R"({"stackId":"arn:aws:cloudformation:x:1:stack/s/u"})"),
         {{"AWS::CloudFormation::Stack", "s"}, {"AWS::CloudFormation::Stack", "arn:aws:cloudformation:x:1:stack/s/u"}}},
        {call("monitoring", "PutMetricAlarm", R"({"alarmName":"a","metricName":"m"})"),
         {{"AWS::CloudWatch::Alarm", "a"}}},
        {call("ssm", "PutParameter", R"({"name":"/p","value":"HIDDEN_DUE_TO_SECURITY_REASONS"})"),
         {{"AWS::SSM::Parameter", "/p"}}},
        {call("secretsmanager", "DeleteSecret", R"({"secretId":"s"})",
              R"({"aRN":"arn:aws:secretsmanager:x:1:secret:s","name":"s"})"),
         {{"AWS::SecretsManager::Secret", "s"},
          {"AWS::SecretsManager::Secret", "arn:aws:secretsmanager:x:1:secret:s"}}},
        {call("someday", "TagResource", R"({"resourceArn":"arn:aws:sqs:x:1:q","roleArn":""})"),
         {{"AWS::SQS::Queue", "arn:aws:sqs:x:1:q"}}},
        {call("elasticloadbalancing", "DescribeTargetHealth",
              R"({"targetGroupArn":"arn:aws:elasticloadbalancing:x:1:targetgroup/t/2","targets":[]})"),
         {}},
        {call("elasticloadbalancing", "DeleteTargetGroup",
              R"({"targetGroupArn":"arn:aws:elasticloadbalancing:x:1:targetgroup/t/2"})"),
         {{"AWS::ElasticLoadBalancingV2::TargetGroup", "arn:aws:elasticloadbalancing:x:1:targetgroup/t/2"}}},
        {call("eks-auth", "AssumeRoleForPodIdentity",
              R"({"clusterName":"c","token":"HIDDEN_DUE_TO_SECURITY_REASONS"})"),
         {{"AWS::EKS::Cluster", "c"}}},
        {call("iam", "GetUser", R"({"userName":"HIDDEN_DUE_TO_SECURITY_REASONS"})"), {}},
    };
    Parse parse;
    for (const auto& row : cases)
        EXPECT_EQ(resource_pairs(parse.view(row.record).resources), row.resources) << row.record;
}

TEST(RecordResources, OfDataEventsComeFromTheRecordToo) {
    Parse parse;
    const std::string list =
        R"(,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k"},{"accountId":"1","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"},)"
        R"({"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b/"},{"ARN":"arn:aws:lambda:x:1:function:f"},"odd"]})";
    auto record = call("s3", "GetObject", R"({"bucketName":"b","key":"k"})");
    record.replace(record.size() - 1, 1, list);
    const auto& data = parse.view(record);
    EXPECT_EQ(resource_pairs(data.resources), (Pairs{{"AWS::S3::Bucket", "b"},
                                                     {"AWS::S3::Object", "arn:aws:s3:::b/k"},
                                                     {"AWS::S3::Bucket", "arn:aws:s3:::b"},
                                                     {"AWS::Lambda::Function", "arn:aws:lambda:x:1:function:f"}}));
    ASSERT_EQ(data.record_resources.size(), 4u);
    EXPECT_EQ(data.record_resources[2].name, "arn:aws:s3:::b/");

    record = call("kms", "Decrypt", "null");
    record.replace(record.size() - 1, 1,
                   R"(,"resources":[{"ARN":"arn:aws:kms:x:1:key/k","accountId":"1","type":"AWS::KMS::Key"}]})");
    const auto& managed = parse.view(record);
    EXPECT_TRUE(managed.resources.empty());
    ASSERT_EQ(managed.record_resources.size(), 1u);
    EXPECT_EQ(managed.record_resources[0].type, "AWS::KMS::Key");
}

TEST(RecordResources, ManyAreAllKeptOnce) {
    std::string items;
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 3000; ++i)
            items += (items.empty() ? "" : ",") + std::string(R"({"instanceId":"i-)") + std::to_string(i) + "\"}";
    Parse parse;
    for (int again = 0; again < 2; ++again)
        EXPECT_EQ(
            resource_pairs(
                parse.view(call("ec2", "StartInstances", R"({"instancesSet":{"items":[)" + items + "]}}")).resources)
                .size(),
            3000u);
    EXPECT_TRUE(parse.view(call("ec2", "StartInstances", "null")).resources.empty());
}

TEST(RecordResources, TypesOfArnsAndIds) {
    const struct {
        const char* name;
        const char* type;
    } cases[] = {
        {"arn:aws:s3:::b", "AWS::S3::Bucket"},
        {"arn:aws:s3:::b/k:1", "AWS::S3::Object"},
        {"arn:aws-cn:iam::1:role/p/r", "AWS::IAM::Role"},
        {"arn:aws:elasticloadbalancing:x:1:loadbalancer/app/n/1", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
        {"arn:aws:elasticloadbalancing:x:1:loadbalancer/n", "AWS::ElasticLoadBalancing::LoadBalancer"},
        {"arn:aws:unknown:x:1:y", ""},
        {"arn:", ""},
        {"", ""},
        {"i-1", "AWS::EC2::Instance"},
        {"vpce-svc-1", "AWS::EC2::VPCEndpointService"},
        {"what", ""},
    };
    for (const auto& row : cases) EXPECT_EQ(resource_type_of_id(row.name), row.type) << row.name;
}
