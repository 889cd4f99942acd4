#include "wire/answers.h"

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::wire;

namespace {

std::string header(const net::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return {};
}

}  // namespace

TEST(Answers, TargetsComeInTwoForms) {
    const struct {
        const char* target;
        const char* operation;
    } cases[] = {
        {"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", "LookupEvents"},
        {"CloudTrail_20131101.LookupEvents", "LookupEvents"},
        {"XCloudTrail_20131101.LookupEvents", ""},
        {"CloudTrail_20131101", ""},
        {"LookupEvents", ""},
        {"Logs_20140328.FilterLogEvents", ""},
        {"", ""},
        {"CloudTrail_20131101.", ""},
    };
    for (const auto& row : cases)
        EXPECT_EQ(target_operation(row.target, "CloudTrail_20131101"), row.operation) << row.target;
}

TEST(Answers, ErrorsSpeakTheProtocolOfTheCaller) {
    const ApiError error{"InvalidSignatureException", "a \"b\" <c>"};
    const auto json = error_answer(Protocol::json, error, "id-1");
    EXPECT_EQ(json.status, 400);
    EXPECT_EQ(json.body, R"({"__type":"InvalidSignatureException","message":"a \"b\" <c>"})");
    EXPECT_EQ(header(json, "x-amzn-RequestId"), "id-1");
    EXPECT_EQ(header(json, "Content-Type"), "application/x-amz-json-1.1");

    const auto rest = error_answer(Protocol::rest_json, {"ChannelNotFound", "none"}, "id-2");
    EXPECT_EQ(rest.status, 400);
    EXPECT_EQ(rest.body, R"({"message":"none"})");
    EXPECT_EQ(header(rest, "x-amzn-ErrorType"), "ChannelNotFound");

    const auto query = error_answer(Protocol::query, error, "id-3", &model_of("sts"));
    EXPECT_EQ(query.status, 403);
    EXPECT_EQ(query.body,
              "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
              "<Code>SignatureDoesNotMatch</Code><Message>a &quot;b&quot; &lt;c&gt;</Message></Error>"
              "<RequestId>id-3</RequestId></ErrorResponse>");
}

TEST(Answers, MessagesAreValidUtf8) {
    const ApiError error{"ValidationException", "Value '\xc3' and '\xff'"};
    EXPECT_EQ(error_answer(Protocol::json, error, "id").body,
              "{\"__type\":\"ValidationException\",\"message\":\"Value '\xef\xbf\xbd' and '\xef\xbf\xbd'\"}");
    for (const auto protocol : {Protocol::rest_json, Protocol::query})
        EXPECT_EQ(error_answer(protocol, error, "id").body.find('\xff'), std::string::npos);
}

TEST(Answers, CallerIdentityIsXml) {
    const auto& model = model_of("sts");
    const auto answer = query_answer(
        model, *model.find("GetCallerIdentity"),
        JsonObject{
            {"Arn", "arn:aws:iam::111122223333:user/a&b"}, {"UserId", "AIDAEXAMPLE"}, {"Account", "111122223333"}},
        "id-4");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(
        answer.body,
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
        "<UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/a&amp;b</Arn>"
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>id-4</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>");
}
