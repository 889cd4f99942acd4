#include "backend/aws/aws_client.h"

#include "backend/aws/fake_service.h"

namespace cairn::aws {
namespace {

constexpr const char* arn = "arn:aws:kms:eu-west-1:111122223333:key/1";

class AwsClientTest : public FakeService {
protected:
    Result<Json> ask(const std::string& region = "") {
        return client("kms", region).json_call(arn, "TrentService.DescribeKey", JsonObject{{"KeyId", "1"}});
    }
};

TEST_F(AwsClientTest, ACallIsSignedAndItsAnswerRead) {
    answer(200, R"({"KeyMetadata":{"Arn":"a"}})");
    const auto answered = ask();
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->find("KeyMetadata")->text("Arn"), "a");
    ASSERT_EQ(asked_.size(), 1u);
    EXPECT_EQ(asked_[0].method + " " + asked_[0].target, "POST /base/");
    EXPECT_EQ(asked_[0].find("content-type"), "application/x-amz-json-1.1");
    EXPECT_EQ(asked_[0].find("x-amz-target"), "TrentService.DescribeKey");
    EXPECT_EQ(asked_[0].find("host"), authority());
    EXPECT_EQ(asked_[0].body, R"({"KeyId":"1"})");
    EXPECT_EQ(region_asked(0), "eu-west-1") << "that of the ARN";
    ASSERT_TRUE(ask("us-east-2"));
    EXPECT_EQ(region_asked(1), "us-east-2") << "the one that is set";
}

TEST_F(AwsClientTest, TemporaryCredentialsBringTheirToken) {
    answer(200, "{}");
    credentials_.given->session_token = "a token";
    ASSERT_TRUE(ask());
    EXPECT_EQ(asked_[0].find("x-amz-security-token"), "a token");
}

TEST_F(AwsClientTest, WithoutCredentialsNothingIsSent) {
    answer(200, "{}");
    credentials_.given = fail(Code::not_found, "there are no credentials");
    EXPECT_EQ(ask().error().message, "there are no credentials");
    EXPECT_TRUE(asked_.empty());
}

TEST_F(AwsClientTest, WhatMayPassIsTriedAgain) {
    answer(400, R"({"__type":"ThrottlingException","message":"Rate exceeded"})");
    answer(503, "<html>busy</html>");
    answer(500, R"({"__type":"KMSInternalException","message":"oh"})");
    answer(200, "{}");
    EXPECT_TRUE(ask());
    EXPECT_EQ(asked_.size(), 4u);
}

TEST_F(AwsClientTest, NotForEver) {
    answer(429, R"({"__type":"ThrottlingException","message":"Rate exceeded"})");
    const auto refused = ask();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(refused.error().message, "ThrottlingException: Rate exceeded");
    EXPECT_EQ(asked_.size(), 4u);
}

TEST_F(AwsClientTest, WhatWillNotPassIsNotTriedAgain) {
    answer(400, R"({"__type":"com.amazonaws.kms#NotFoundException","message":"no key"})");
    const auto refused = ask();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::not_found);
    EXPECT_EQ(refused.error().message, "NotFoundException: no key");
    EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(AwsClientTest, AServiceThatIsNotThereIsNoAnswer) {
    Patience patience;
    patience.least_pause = std::chrono::milliseconds(1);
    const AwsClient away({"kms", "http://127.0.0.1:1", "", ""}, credentials_, clock_, patience);
    const auto refused = away.json_call(arn, "TrentService.DescribeKey", JsonObject{});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_TRUE(refused.error().message.starts_with("http://127.0.0.1:1: ")) << refused.error().message;
}

TEST_F(AwsClientTest, OnceGivenUpNothingIsTriedAgain) {
    answer(503, "");
    const std::atomic<bool> give_up{true};
    Patience patience;
    patience.give_up = &give_up;
    const AwsClient client({"kms", "http://" + authority(), "", ""}, credentials_, clock_, patience);
    service_ = "kms";
    EXPECT_EQ(client.json_call(arn, "TrentService.DescribeKey", JsonObject{}).error().code, Code::unavailable);
    EXPECT_LE(asked_.size(), 1u);
}

TEST_F(AwsClientTest, AnAnswerOfSomethingElseIsNone) {
    answer(200, "<html>welcome</html>");
    EXPECT_EQ(ask().error().code, Code::unavailable);
}

TEST(AwsErrors, CodesSayWhatCanBeDone) {
    const struct {
        int status;
        const char *type, *body;
        Code code;
        const char* message;
    } cases[] = {
        {400, "", R"({"__type":"ResourceNotFoundException","message":"no group"})", Code::not_found,
         "ResourceNotFoundException: no group"},
        {400, "", R"({"__type":"AccessDeniedException","Message":"no"})", Code::denied, "AccessDeniedException: no"},
        {400, "", R"({"__type":"DisabledException","message":"off"})", Code::conflict, "DisabledException: off"},
        {400, "", R"({"__type":"KMSInvalidStateException","message":"off"})", Code::conflict,
         "KMSInvalidStateException: off"},
        {400, "", R"({"__type":"InvalidParameterException","message":"what"})", Code::invalid,
         "InvalidParameterException: what"},
        {400, "", R"({"__type":"UnrecognizedClientException","message":"who"})", Code::denied,
         "UnrecognizedClientException: who"},
        {400, "ValidationException:http://internal/", R"({"message":"m"})", Code::invalid, "ValidationException: m"},
        {404, "",
         R"(<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>)",
         Code::not_found, "NotFound: Topic does not exist"},
        {403, "",
         "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>not you</Message></Error></ErrorResponse>",
         Code::denied, "AuthorizationError: not you"},
        {403, "", "<html>", Code::denied, "the service answered with status 403"},
        {404, "", "nothing here", Code::not_found, "the service answered with status 404"},
        {502, "", "", Code::unavailable, "the service answered with status 502"},
        {400, "", R"({"__type":"not: a code","message":"m"})", Code::invalid, "the service answered with status 400"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.body);
        const auto error = error_of_answer(row.status, row.type, row.body);
        EXPECT_EQ(code_name(error.code), std::string(code_name(row.code)));
        EXPECT_EQ(error.message, row.message);
    }
}

}  // namespace
}  // namespace cairn::aws
