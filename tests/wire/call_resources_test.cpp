#include "wire/call_resources.h"

#include "exchange.h"
#include "wire/resource_names.h"
#include "wire/response_elements.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

std::string resources(const Exchange& exchange, const CallPlace& place = {"123456789012", "us-east-1"}) {
    return exchange.with([&](const auto& call, const auto& answer, const auto& parameters) {
        return to_text(call_resources(call, parameters, response_elements(call, answer), place));
    });
}

std::string entry(const std::string& type, const std::string& arn, const std::string& account = "123456789012") {
    return R"([{"accountId":")" + account + R"(","type":")" + type + R"(","ARN":")" + arn + R"("}])";
}

}  // namespace

TEST(CallResources, OfS3AreTheObjectAndItsBucket) {
    const std::string bucket =
        R"({"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::gw-bucket"})";
    const auto object = [&](const std::string& arn) {
        return R"([{"type":"AWS::S3::Object",)" + arn + "}," + bucket + "]";
    };
    const auto prefix = [&](const std::string& of) {
        return object(R"("ARNPrefix":"arn:aws:s3:::gw-bucket/)" + of + "\"");
    };
    EXPECT_EQ(resources(s3_call("PUT", "/gw-bucket?versioning")), "[" + bucket + "]");
    EXPECT_EQ(resources(s3_call("GET", "/gw-bucket?uploads")), "[" + bucket + "]");
    EXPECT_EQ(resources(s3_call("PUT", "/gw-bucket")), "null");
    EXPECT_EQ(resources(s3_call("GET", "/")), "null");
    EXPECT_EQ(resources(s3_call("PUT", "/gw-bucket/dir/a%20b%2B%C3%BC.txt")),
              object("\"ARN\":\"arn:aws:s3:::gw-bucket/dir/a b+\u00fc.txt\""));
    EXPECT_EQ(resources(s3_call("HEAD", "/gw-bucket")), prefix(""));
    EXPECT_EQ(resources(s3_call("GET", "/gw-bucket?list-type=2&prefix=dir%2F")), prefix("dir/"));
    EXPECT_EQ(resources(s3_call("POST", "/gw-bucket?delete")), prefix(""));
    EXPECT_EQ(resources(s3_call("PUT", "/b?versioning"), {"1", "cn-north-1"}),
              R"([{"accountId":"1","type":"AWS::S3::Bucket","ARN":"arn:aws-cn:s3:::b"}])");
    Exchange express{"GET", "/k", "s3express"};
    express.host = "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com";
    EXPECT_EQ(
        resources(express),
        R"([{"type":"AWS::S3Express::Object","ARN":"arn:aws:s3express:us-east-1:123456789012:bucket/b--use1-az4--x-s3/k"},)"
        R"({"accountId":"123456789012","type":"AWS::S3Express::DirectoryBucket",)"
        R"("ARN":"arn:aws:s3express:us-east-1:123456789012:bucket/b--use1-az4--x-s3"}])");
}

TEST(CallResources, OfKmsIsTheKey) {
    const auto encrypt = [](const std::string& key) {
        return json_call("kms", "TrentService.Encrypt", R"({"KeyId":")" + key + R"(","Plaintext":"c2VjcmV0"})");
    };
    EXPECT_EQ(resources(encrypt("k-1")), entry("AWS::KMS::Key", "arn:aws:kms:us-east-1:123456789012:key/k-1"));
    EXPECT_EQ(resources(encrypt("alias/a")), entry("AWS::KMS::Key", "arn:aws:kms:us-east-1:123456789012:alias/a"));
    EXPECT_EQ(resources(encrypt("arn:aws:kms:eu-west-1:222222222222:key/k")),
              entry("AWS::KMS::Key", "arn:aws:kms:eu-west-1:222222222222:key/k", "222222222222"));
    const auto made = answered(json_call("kms", "TrentService.CreateKey"), 200,
                               R"({"KeyMetadata":{"KeyId":"k","Arn":"arn:aws:kms:us-east-1:123456789012:key/k"}})");
    EXPECT_EQ(resources(made), entry("AWS::KMS::Key", "arn:aws:kms:us-east-1:123456789012:key/k"));
    EXPECT_EQ(resources(json_call("kms", "TrentService.ListKeys")), "null");
}

TEST(CallResources, OfAssumedRolesAreTheRoleAndItsProvider) {
    const std::string role = "arn:aws:iam::444455556666:role/ops";
    EXPECT_EQ(resources(form_call("sts", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s&RoleArn=" + role)),
              entry("AWS::IAM::Role", role, "444455556666"));
    EXPECT_EQ(
        resources(form_call("sts", "Action=AssumeRoleWithSAML&Version=2011-06-15&SAMLAssertion=c2VjcmV0&RoleArn=" +
                                       role + "&PrincipalArn=arn:aws:iam::444455556666:saml-provider/p")),
        R"([{"accountId":"444455556666","type":"AWS::IAM::Role","ARN":")" + role +
            R"("},{"accountId":"444455556666","type":"AWS::IAM::SAMLProvider",)"
            R"("ARN":"arn:aws:iam::444455556666:saml-provider/p"}])");
    EXPECT_EQ(resources(form_call("sts", "Action=GetCallerIdentity&Version=2011-06-15")), "null");
}

TEST(CallResources, OfFunctionsAreWithoutQualifier) {
    const auto of = [](const std::string& name) {
        return resources(Exchange{"POST", "/2015-03-31/functions/" + name + "/invocations", "lambda"});
    };
    const auto arn = entry("AWS::Lambda::Function", "arn:aws:lambda:us-east-1:123456789012:function:f");
    EXPECT_EQ(of("f"), arn);
    EXPECT_EQ(of("f:7"), arn);
    EXPECT_EQ(of("123456789012:function:f"), arn);
    EXPECT_EQ(of("arn:aws:lambda:us-east-1:123456789012:function:f"), arn);
    EXPECT_EQ(of("arn:aws:lambda:us-east-1:123456789012:function:f:live"), arn);
    EXPECT_EQ(resources(Exchange{"GET", "/2015-03-31/functions/f", "lambda"}), "null");
}

TEST(CallResources, OfDynamoDbAreAllTables) {
    const auto call = [](const std::string& name, const std::string& body) {
        return resources(json_call("dynamodb", "DynamoDB_20120810." + name, body));
    };
    const std::string arn = "arn:aws:dynamodb:us-east-1:123456789012:table/gwt";
    const auto table = entry("AWS::DynamoDB::Table", arn);
    EXPECT_EQ(call("PutItem", R"({"TableName":"gwt","Item":{"id":{"S":"1"}}})"), table);
    EXPECT_EQ(call("GetItem", R"({"TableName":")" + arn + R"(","Key":{"id":{"S":"1"}}})"), table);
    EXPECT_EQ(call("ExecuteStatement", R"({"Statement":"select * FROM \"gwt\".\"i\" WHERE id='1'"})"), table);
    EXPECT_EQ(call("ExecuteStatement", R"({"Statement":"UPDATE gwt SET a='1'"})"), table);
    EXPECT_EQ(call("CreateTable", R"({"TableName":"gwt"})"), "null");
    const std::string two = "[" + table.substr(1, table.size() - 2) + "," +
                            entry("AWS::DynamoDB::Table", "arn:aws:dynamodb:us-east-1:123456789012:table/b").substr(1);
    EXPECT_EQ(call("BatchGetItem", R"({"RequestItems":{"gwt":{"Keys":[{"id":{"S":"1"}}]},"b":{"Keys":[]}}})"), two);
    EXPECT_EQ(call("TransactWriteItems",
                   R"({"TransactItems":[{"Put":{"TableName":"gwt","Item":{}}},{"Delete":{"TableName":"b","Key":{}}},)"
                   R"({"Delete":{"TableName":"gwt","Key":{}}}]})"),
              two);
}

TEST(CallResources, OfOthers) {
    EXPECT_EQ(resources(json_call("ssm", "AmazonSSM.GetParameters", R"({"Names":["/a/b","c:3"]})")),
              R"([{"accountId":"123456789012","ARN":"arn:aws:ssm:us-east-1:123456789012:parameter/a/b"},)"
              R"({"accountId":"123456789012","ARN":"arn:aws:ssm:us-east-1:123456789012:parameter/c"}])");
    EXPECT_EQ(resources(json_call("ecr", "AmazonEC2ContainerRegistry_V20150921.PutImage",
                                  R"({"repositoryName":"r","imageManifest":"m"})")),
              R"([{"ARN":"arn:aws:ecr:us-east-1:123456789012:repository/r","accountId":"123456789012"}])");
    const auto queue = entry("AWS::SQS::Queue", "arn:aws:sqs:us-east-1:222222222222:q", "222222222222");
    EXPECT_EQ(resources(json_call("sqs", "AmazonSQS.SendMessage", R"({"QueueUrl":"http://h:5000/222222222222/q"})")),
              queue);
    EXPECT_EQ(resources(answered(json_call("sqs", "AmazonSQS.CreateQueue", R"({"QueueName":"q"})"), 200,
                                 R"({"QueueUrl":"https://sqs.us-east-1.amazonaws.com/222222222222/q"})")),
              queue);
    EXPECT_EQ(resources(json_call("sqs", "AmazonSQS.SendMessage", R"({"QueueUrl":"q"})")),
              entry("AWS::SQS::Queue", "arn:aws:sqs:us-east-1:123456789012:q"));
    EXPECT_EQ(resources(form_call(
                  "sns", "Action=Publish&Version=2010-03-31&Message=m&TopicArn=arn:aws:sns:us-east-1:333333333333:t")),
              entry("AWS::SNS::Topic", "arn:aws:sns:us-east-1:333333333333:t", "333333333333"));
    EXPECT_EQ(resources(json_call("kinesis", "Kinesis_20131202.PutRecord", R"({"StreamName":"s"})")),
              entry("AWS::Kinesis::Stream", "arn:aws:kinesis:us-east-1:123456789012:stream/s"));
    EXPECT_EQ(resources(json_call("monitoring", "GraniteServiceVersion20100801.PutMetricData")),
              R"([{"accountId":"123456789012","type":"AWS::CloudWatch::Metric"}])");
    EXPECT_EQ(resources(form_call("iam", "Action=CreateUser&Version=2010-05-08&UserName=u")), "null");
}

TEST(ResourceNames, PartitionsFollowRegions) {
    EXPECT_EQ(partition_of("us-gov-west-1"), "aws-us-gov");
    EXPECT_EQ(partition_of("us-iso-east-1"), "aws-iso");
    EXPECT_EQ(partition_of("us-isob-east-1"), "aws-iso-b");
    EXPECT_EQ(partition_of("eu-west-1"), "aws");
    EXPECT_EQ(partition_of(""), "aws");
    EXPECT_EQ(table_of_statement("SELECT * FROM \"open"), "open");
    EXPECT_EQ(table_of_statement("SELECT 1"), "");
    EXPECT_EQ(table_of_statement("delete from "), "");
}
