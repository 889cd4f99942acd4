#include "backend/aws/keys.h"

#include "backend/aws/fake_service.h"
#include "backend/aws/log_groups.h"
#include "backend/aws/topics.h"

namespace cairn::aws {
namespace {

using Neighbours = FakeService;

constexpr const char* key = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const LogStream stream{"arn:aws:logs:us-east-1:111122223333:log-group:a/group:*", "111122223333_CloudTrail_us-east-1"};

TEST_F(Neighbours, ANoticeIsPublishedWithoutASubject) {
    answer(200, "<PublishResponse/>");
    ASSERT_TRUE(
        Topics(client("sns"))
            .publish("arn:aws:sns:eu-west-1:111122223333:topic", R"({"s3Bucket":"b","s3ObjectKey":["a/b c"]})", ""));
    EXPECT_EQ(asked_[0].body,
              "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A111122223333%3Atopic&Message="
              "%7B%22s3Bucket%22%3A%22b%22%2C%22s3ObjectKey%22%3A%5B%22a%2Fb%20c%22%5D%7D");
    EXPECT_EQ(region_asked(0), "eu-west-1");
}

TEST_F(Neighbours, AStreamIsMadeOrThere) {
    answer(200, "");
    answer(400, R"({"__type":"ResourceAlreadyExistsException","message":"there"})");
    answer(400, R"({"__type":"ResourceNotFoundException","message":"no group"})");
    LogGroups groups(client("logs"));
    EXPECT_TRUE(groups.create_stream(stream));
    EXPECT_TRUE(groups.create_stream(stream));
    EXPECT_EQ(groups.create_stream(stream).error().code, Code::not_found);
    EXPECT_EQ(asked_[0].find("x-amz-target"), "Logs_20140328.CreateLogStream");
    EXPECT_EQ(asked_[0].body, R"({"logGroupName":"a/group","logStreamName":"111122223333_CloudTrail_us-east-1"})");
}

TEST_F(Neighbours, LogEventsArePutAsTheyAre) {
    answer(200, "{}");
    answer(200, R"({"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":0}})");
    LogGroups groups(client("logs"));
    ASSERT_TRUE(groups.put(stream, from_milliseconds(1'795'262'400'123), {R"({"a":"ü\n"})", "{ }"}));
    EXPECT_EQ(asked_[0].find("x-amz-target"), "Logs_20140328.PutLogEvents");
    EXPECT_EQ(
        asked_[0].body,
        R"({"logGroupName":"a/group","logStreamName":"111122223333_CloudTrail_us-east-1","logEvents":[)"
        R"({"timestamp":1795262400123,"message":"{\"a\":\"ü\\n\"}"},{"timestamp":1795262400123,"message":"{ }"}]})");
    const auto rejected = groups.put(stream, clock_.now(), {"{}"});
    ASSERT_FALSE(rejected) << "answered with 200, stored nothing";
    EXPECT_TRUE(rejected.error().message.starts_with("RejectedLogEvents: ")) << rejected.error().message;
}

TEST_F(Neighbours, AKeyIsDescribedAndProved) {
    const auto described = [&](const char* members) {
        answers_.clear();
        answer(200, fmt::format(R"({{"KeyMetadata":{{"Arn":"{}",{}}}}})", key, members));
        return Keys(client("kms")).describe("arn:aws:kms:us-east-1:111122223333:alias/trails");
    };
    const auto good = described(R"("Enabled":true,"KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT")");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->arn, key);
    EXPECT_TRUE(good->enabled && good->symmetric);
    EXPECT_FALSE(described(R"("Enabled":false,"KeyState":"PendingDeletion")")->enabled);
    EXPECT_FALSE(described(R"("Enabled":true,"KeySpec":"RSA_2048","KeyUsage":"ENCRYPT_DECRYPT")")->symmetric);
    EXPECT_FALSE(described(R"("Enabled":true,"KeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC")")->symmetric);
    EXPECT_EQ(asked_[0].find("x-amz-target"), "TrentService.DescribeKey");

    asked_.clear();
    ASSERT_TRUE(Keys(client("kms")).prove_use(key, "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"));
    EXPECT_EQ(asked_[0].find("x-amz-target"), "TrentService.GenerateDataKeyWithoutPlaintext");
    EXPECT_EQ(
        asked_[0].body,
        fmt::format(
            R"({{"KeyId":"{}","KeySpec":"AES_256","EncryptionContext":{{"aws:cloudtrail:arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}}})",
            key));

    answers_.clear();
    answer(200, R"({})");
    EXPECT_EQ(Keys(client("kms")).describe(key).error().code, Code::unavailable);
}

}  // namespace
}  // namespace cairn::aws
