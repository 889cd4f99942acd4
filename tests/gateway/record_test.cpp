#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "event/record.h"
#include "gateway/body_copy.h"
#include "gateway/classified_call.h"
#include "gateway/peer.h"
#include "gateway/recording.h"
#include "gateway/setting_aside.h"
#include "support/memory_disk.h"

namespace cairn::gateway {
namespace {

net::Request request(std::string method, std::string target, net::Headers headers = {}, std::string body = {}) {
    net::Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.headers = std::move(headers);
    made.body = std::move(body);
    made.peer_address = "192.0.2.7";
    return made;
}

net::Headers signed_for(const std::string& service, net::Headers more = {}) {
    more.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/" + service +
                                           "/aws4_request, SignedHeaders=host, Signature=5e5e5e5e");
    return more;
}

constexpr const char* form_type = "application/x-www-form-urlencoded; charset=utf-8";

/// Remembers what it was told.
class ListeningCallers final : public Callers {
public:
    Caller caller(std::string_view, const wire::Credential& credential, Confidence confidence, Time) const override {
        last = confidence;
        return {JsonObject{{"type", "Test"}, {"accessKeyId", credential.key_id}}, "111122223333"};
    }
    void learn(const LearnedCall& call) override {
        learned.push_back(std::string(call.event_name) + " " + to_text(*call.answer));
    }

    mutable Confidence last = Confidence::claimed;
    std::vector<std::string> learned;
};

class Records : public testing::Test {
protected:
    Call call_of(net::Request made, int status, net::Headers headers = {}, std::string body = {}) const {
        Call call;
        call.classified = classify_request(made, made.body, {home.profile, {}, {}});
        call.request_bytes = made.body.size();
        call.request_whole = true;
        call.request = std::move(made);
        call.response.status = status;
        call.response.headers = std::move(headers);
        call.response_bytes = body.size();
        call.response.body = std::move(body);
        call.response_whole = true;
        call.upstream = "origin";
        call.ended = *parse_time("2026-11-21T16:00:00.750Z");
        return call;
    }

    std::vector<GatewayRecord> make(const Call& call) {
        if (!maker_) {
            options.homes["origin"] = home;
            maker_ = std::make_unique<RecordMaker>(options, callers, metrics);
        }
        return maker_->make(call);
    }

    Json record_of(const Call& call) {
        const auto made = make(call);
        EXPECT_FALSE(made.empty());
        if (made.empty()) return {};
        evidence = made.front().evidence;
        auto json = parse_json(made.front().text);
        EXPECT_TRUE(json) << made.front().text;
        return json ? *json : Json();
    }

    Home home{.account = "111122223333", .region = "us-west-2"};
    RecordMakerOptions options;
    ListeningCallers callers;
    Metrics metrics;
    std::string evidence;

private:
    std::unique_ptr<RecordMaker> maker_;
};

TEST_F(Records, OfAStreamThatFailedHaveItsError) {
    auto call = call_of(request("POST", "/model/m/converse-stream", signed_for("bedrock", {}), "{}"), 200,
                        {{"Content-Type", "application/vnd.amazon.eventstream"}}, "");
    call.stream_failure = {"throttlingException", "slow down"};
    const auto record = record_of(call);
    EXPECT_EQ(record.text("eventName"), "ConverseStream");
    EXPECT_EQ(record.text("errorCode"), "throttlingException");
    EXPECT_EQ(record.text("errorMessage"), "slow down");
}

TEST_F(Records, OfS3ControlAreOfS3sKind) {
    const auto record =
        record_of(call_of(request("GET", "/v20180820/configuration/publicAccessBlock",
                                  signed_for("s3", {{"Host", "111122223333.s3-control.us-east-1.amazonaws.com"},
                                                    {"x-amz-account-id", "111122223333"},
                                                    {"User-Agent", "x"}})),
                          200, {{"x-amz-id-2", "ID"}}, "<PublicAccessBlockConfiguration/>"));
    EXPECT_EQ(record.text("eventName"), "GetAccountPublicAccessBlock");
    EXPECT_EQ(record.text("userAgent"), "[x]");
    EXPECT_EQ(record.find("requestParameters")->text("Host"), "111122223333.s3-control.us-east-1.amazonaws.com");
    EXPECT_EQ(record.find("additionalEventData")->text("SignatureVersion"), "SigV4");
    EXPECT_EQ(record.find("additionalEventData")->text("x-amz-id-2"), "ID");
}

TEST_F(Records, OfKeysUnderAnAliasListTheKey) {
    const auto kms = [&](const std::string& name, const std::string& body, const std::string& answer = "{}") {
        return record_of(call_of(request("POST", "/",
                                         signed_for("kms", {{"X-Amz-Target", "TrentService." + name},
                                                            {"Content-Type", "application/x-amz-json-1.1"}}),
                                         body),
                                 200, {}, answer));
    };
    const auto listed = [&](const std::string& key) {
        const auto record = kms("Encrypt", R"({"KeyId":")" + key + R"("})");
        return std::string(record.find("resources")->as_array().front().text("ARN"));
    };
    const std::string arn = "arn:aws:kms:eu-west-1:111122223333:";
    EXPECT_EQ(listed("alias/x"), arn + "alias/x");  // as it is given, until something tells
    kms("CreateAlias", R"({"AliasName":"alias/x","TargetKeyId":"1234"})");
    EXPECT_EQ(listed("alias/x"), arn + "key/1234");
    EXPECT_EQ(listed(arn + "alias/x"), arn + "key/1234");
    kms("ListAliases", "{}", R"({"Aliases":[{"AliasName":"alias/y","TargetKeyId":"5678"}]})");
    EXPECT_EQ(listed("alias/y"), arn + "key/5678");
    kms("DescribeKey", R"({"KeyId":"alias/z"})", R"({"KeyMetadata":{"KeyId":"9","Arn":")" + arn + R"(key/9"}})");
    EXPECT_EQ(listed("alias/z"), arn + "key/9");
    kms("DeleteAlias", R"({"AliasName":"alias/x"})");
    EXPECT_EQ(listed("alias/x"), arn + "alias/x");
}

TEST_F(Records, HideWhatTheOperatorNames) {
    const auto call = call_of(request("POST", "/",
                                      signed_for("ssm", {{"X-Amz-Target", "AmazonSSM.CreateDocument"},
                                                         {"Content-Type", "application/x-amz-json-1.1"}}),
                                      R"({"Name":"n","Content":"canary","Tags":[{"Key":"k","Value":"canary"}]})"),
                              200, {}, R"({"DocumentDescription":{"Name":"n","Description":"canary"}})");
    auto hidden = HiddenMembers::parse({"ssm:content", "VALUE", "description", "s3:name"});
    ASSERT_TRUE(hidden);
    options.hidden = std::move(*hidden);
    const auto record = record_of(call);
    EXPECT_EQ(to_text(record).find("canary"), std::string::npos) << to_text(record);
    EXPECT_EQ(record.find("requestParameters")->text("name"), "n");
    EXPECT_EQ(record.find("requestParameters")->text("content"), "HIDDEN_DUE_TO_SECURITY_REASONS");
    for (const auto* wrong : {"", ":a", "a:", "a:b:c"}) EXPECT_FALSE(HiddenMembers::parse({wrong})) << wrong;
}

TEST_F(Records, AFailedWriteOfSomeServicesRepeatsItsMessageWithoutSecrets) {
    const auto create = [&](const std::string& service, const std::string& path) {
        return call_of(
            request("POST", path, signed_for(service, {{"X-Amz-Security-Token", "a-token-that-is-secret"}}), "{}"), 403,
            {{"x-amzn-errortype", "AccessDeniedException"}}, R"({"message":"no, with a-token-that-is-secret"})");
    };
    const auto record = record_of(create("eks", "/clusters"));
    EXPECT_EQ(record.text("errorMessage"), "no, with ***");
    EXPECT_EQ(to_text(*record.find("responseElements")), R"({"message":"no, with ***"})");
    EXPECT_EQ(record_of(create("lambda", "/2015-03-31/functions")).find("responseElements"), nullptr);
}

TEST_F(Records, SayWhoWhatWhenAndFromWhere) {
    auto call =
        call_of(request("PUT", "/bucket/key?x-id=PutObject",
                        signed_for("s3", {{"User-Agent", "aws-cli/2"}, {"Host", "h:9000"}})),
                200, {{"x-amz-request-id", "ABC"}, {"x-amz-id-2", "DEF"}, {"x-amz-server-side-encryption", "AES256"}});
    call.request_bytes = 7;
    call.response_bytes = 9;
    call.request.tls = true;
    call.request.tls_version = "TLSv1.3";
    call.request.tls_cipher = "TLS_AES_128_GCM_SHA256";
    const auto record = record_of(call);
    EXPECT_EQ(record.text("eventTime"), "2026-11-21T16:00:00Z");
    EXPECT_EQ(record.text("eventName"), "PutObject");
    EXPECT_EQ(record.text("awsRegion"), "eu-west-1");
    EXPECT_EQ(record.text("sourceIPAddress"), "192.0.2.7");
    EXPECT_EQ(record.text("userAgent"), "[aws-cli/2]");
    EXPECT_EQ(record.text("requestID"), "ABC");
    EXPECT_EQ(record.text("recipientAccountId"), "111122223333");
    EXPECT_EQ(record.text("eventCategory"), "Data");
    EXPECT_EQ(record.find("userIdentity")->text("accessKeyId"), "AKIAEXAMPLE");
    EXPECT_EQ(record.find("requestParameters")->text("key"), "key");
    EXPECT_EQ(record.find("errorCode"), nullptr);
    const auto& resources = record.find("resources")->as_array();
    ASSERT_EQ(resources.size(), 2u);
    EXPECT_EQ(resources[0].text("ARN"), "arn:aws:s3:::bucket/key");
    EXPECT_EQ(to_text(*record.find("additionalEventData")),
              R"({"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":7,)"
              R"("SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"DEF",)"
              R"("bytesTransferredOut":9})");
    EXPECT_EQ(record.find("tlsDetails")->text("clientProvidedHostHeader"), "h");
}

TEST_F(Records, CountOfAnAwsChunkedBodyWhatItHolds) {
    const auto record =
        record_of(call_of(request("PUT", "/b/k",
                                  signed_for("s3", {{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
                                                    {"x-amz-decoded-content-length", "3"}}),
                                  "3\r\nabc\r\n0\r\n\r\n"),
                          200));
    EXPECT_EQ(record.find("additionalEventData")->find("bytesTransferredIn")->as_integer(), 3);
}

TEST_F(Records, HaveTheErrorOfEachProtocol) {
    const struct {
        std::string service;
        net::Headers headers;
        std::string body, code, message;
        int status;
    } cases[] = {
        {"kms",
         {{"x-amzn-errortype", "com.amazon#ThrottlingException:http://x"}},
         "{}",
         "ThrottlingException",
         "",
         400},
        {"kms", {}, R"({"__type":"a.b#NotFoundException","message":"no"})", "NotFoundException", "no", 400},
        {"s3",
         {},
         "<Error><Code>NoSuchKey</Code><Message>it is not there</Message></Error>",
         "NoSuchKey",
         "it is not there",
         404},
        {"s3", {}, "<html>", "502", "", 502},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.code);
        auto headers = signed_for(row.service);
        if (row.service == "kms") headers.emplace_back("X-Amz-Target", "TrentService.DescribeKey");
        const bool s3 = row.service == "s3";
        const auto record = record_of(
            call_of(request(s3 ? "GET" : "POST", s3 ? "/b/k" : "/", headers), row.status, row.headers, row.body));
        EXPECT_EQ(record.text("errorCode"), row.code);
        if (row.code != "502") {
            EXPECT_EQ(record.text("errorMessage"), row.message);
        }
        EXPECT_EQ(record.find("responseElements"), nullptr);
    }
    auto unanswered = call_of(request("GET", "/b/k"), 0);
    unanswered.outcome = Outcome::reset;
    EXPECT_EQ(record_of(unanswered).text("errorCode"), "ServiceUnavailable");
}

TEST_F(Records, HaveNothingThatIsSecret) {
    const std::string canary = "canary";
    net::Headers secrets;
    for (const char* name :
         {"X-Amz-Security-Token", "Cookie", "x-amz-server-side-encryption-customer-key",
          "x-amz-copy-source-server-side-encryption-customer-key", "x-amz-mfa", "x-api-key", "Proxy-Authorization",
          "x-amz-s3session-token", "amz-sdk-invocation-id", "amz-sdk-request", "X-Amzn-Trace-Id", "Referer"})
        secrets.emplace_back(name, canary);
    const std::string query =
        "?X-Amz-Signature=canary&X-Amz-Security-Token=canary&Signature=canary&Token=canary&"
        "X-Amz-Server-Side-Encryption-Customer-Key=canary&x-amz-mfa=canary";
    const net::Request requests[] = {
        request("POST", "/b/k" + query, signed_for("s3", secrets), "Password=canary"),
        request("PUT", "/b/k" + query, signed_for("s3", secrets), canary),
        request("POST", "/", signed_for("iam", {{"Content-Type", form_type}}),
                "Action=CreateLoginProfile&Version=2010-05-08&UserName=a&Password=canary"),
    };
    for (const auto& made : requests) {
        const auto records =
            make(call_of(made, 200, {{"Set-Cookie", canary}}, "<SecretAccessKey>canary</SecretAccessKey>"));
        ASSERT_FALSE(records.empty());
        const auto text = records.front().text + records.front().evidence;
        EXPECT_EQ(text.find(canary), std::string::npos) << text;
        EXPECT_EQ(text.find("5e5e5e5e"), std::string::npos) << text;
    }
}

TEST_F(Records, HaveNothingThatIsSecretOfWhatAServerRepeats) {
    const std::string token = "IQoJb3JpZ2luX2VjEH" + std::string(1200, 'x');
    const std::string signature(64, '5');
    const std::string authorization =
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/sqs/aws4_request, "
        "SignedHeaders=host, Signature=" +
        signature;
    const auto made = request(
        "POST", "/?WebIdentityToken=eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30",
        {{"Authorization", authorization}, {"X-Amz-Security-Token", token}, {"X-Amz-Target", "AmazonSQS.ListQueues"}},
        "{}");
    for (const auto& message :
         {"The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:" + token + "'",
          "Authorization header requires 'SignedHeaders' parameter. Authorization=" + authorization,
          std::string("Token eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30 is not valid")}) {
        const auto text =
            make(call_of(made, 403, {},
                         to_text(JsonObject{{"__type", "InvalidSignatureException"}, {"message", message}})))
                .front()
                .text;
        EXPECT_EQ(text.find(token.substr(0, 40)), std::string::npos) << text;
        EXPECT_EQ(text.find(signature), std::string::npos) << text;
        EXPECT_EQ(text.find("eyJhbGciOiJSUzI1NiIs"), std::string::npos) << text;
        EXPECT_NE(text.find("***"), std::string::npos) << text;
    }
}

TEST_F(Records, AreJsonThatIsAcceptedWhateverTheCallerSends) {
    const std::string long_name(60'000, 'x');
    const net::Request requests[] = {
        request("GET", "/\xff\"\\", {{"User-Agent", "\xc3\x28\"\\\t"}, {"Host", "\xff"}}),
        request("GET", "/b/k?a=" + long_name, {{"User-Agent", long_name}, {"Host", long_name}}),
        request("PUT", "/b/" + std::string(30'000, '\x01'), {{"Host", long_name}}),
        request("POST", "/",
                {{"Authorization", "AWS4-HMAC-SHA256 Credential=" + long_name + "/20260101/" + long_name + "/" +
                                       long_name + "/aws4_request, SignedHeaders=host, Signature=0"}},
                "{}"),
    };
    RecordParser parser;
    for (const auto& made : requests) {
        auto text = make(call_of(made, 200)).front().text;
        EXPECT_TRUE(parse_json(text)) << text;
        text.reserve(text.size() + RecordParser::padding);
        const auto parsed = parser.parse(text);
        ASSERT_TRUE(parsed) << parsed.error().message;
        EXPECT_LE((*parsed)->region.size(), 64u);
    }
}

TEST_F(Records, ShowOfBodiesThatWereNotKeptOnlyWhatTheHeadTells) {
    auto call = call_of(request("PUT", "/b?lifecycle", signed_for("s3"), "<LifecycleConfiguration/>"), 200);
    call.request.body.clear();
    call.request_whole = false;
    const auto record = record_of(call);
    EXPECT_EQ(record.find("requestParameters")->text("bucketName"), "b");
    EXPECT_TRUE(record.find("requestParameters")->find("omitted"));

    auto form = call_of(request("POST", "/", signed_for("iam", {{"Content-Type", form_type}}),
                                "Action=CreateUser&Version=2010-05-08&UserName=a"),
                        200);
    form.request_whole = false;
    EXPECT_EQ(to_text(*record_of(form).find("requestParameters")), R"({"omitted":true})");
    EXPECT_EQ(record_of(form).text("eventName"), "CreateUser");
}

TEST_F(Records, OfACallThatTheServerDidNotBelieveNameNobody) {
    home.profile = wire::UpstreamProfile::minio;
    auto refused = record_of(call_of(request("GET", "/b/k", signed_for("s3")), 403, {},
                                     "<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"));
    EXPECT_EQ(callers.last, Confidence::refused);
    EXPECT_EQ(refused.text("eventSource"), "s3-authn-errors.amazonaws.com");
    EXPECT_EQ(refused.text("eventName"), "AuthenticateSignatureDoesNotMatch");
    EXPECT_EQ(refused.find("additionalEventData")->text("claimedAccessKeyId"), "AKIAEXAMPLE");
    EXPECT_NE(evidence.find(R"("confidence":"refused")"), std::string::npos);

    record_of(call_of(request("GET", "/b/k", signed_for("s3")), 403, {}, "<Error><Code>AccessDenied</Code></Error>"));
    EXPECT_EQ(callers.last, Confidence::confirmed);
    auto unanswered = call_of(request("GET", "/b/k", signed_for("s3")), 0);
    unanswered.outcome = Outcome::timed_out;
    record_of(unanswered);
    EXPECT_EQ(callers.last, Confidence::claimed);
    record_of(call_of(request("GET", "/b/k", signed_for("s3")), 301));
    EXPECT_EQ(callers.last, Confidence::claimed) << "another Region's server would have looked";
    record_of(call_of(request("GET", "/b/k", signed_for("s3")), 304));
    EXPECT_EQ(callers.last, Confidence::confirmed);
    record_of(
        call_of(request("POST", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15", signed_for("sts")), 200));
    EXPECT_EQ(callers.last, Confidence::claimed) << "it needs no signature";
}

TEST_F(Records, OfOtherServicesFailedAuthenticationsMayBeLeftOut) {
    options.record_failed_authentication = false;
    const auto call = call_of(request("POST", "/", signed_for("kms", {{"X-Amz-Target", "TrentService.ListKeys"}})), 400,
                              {}, R"({"__type":"UnrecognizedClientException"})");
    EXPECT_TRUE(make(call).empty());
    EXPECT_EQ(metrics.counter("cairn_gateway_unrecorded_calls_total", "", {{"reason", "authentication"}}).value(), 1u);
}

TEST_F(Records, AServersOwnCallsAreNoneOfAws) {
    home.profile = wire::UpstreamProfile::minio;
    EXPECT_TRUE(make(call_of(request("GET", "/minio/health/live"), 200)).empty());
    EXPECT_EQ(metrics.counter("cairn_gateway_unrecorded_calls_total", "", {{"reason", "health"}}).value(), 1u);
    const auto record = record_of(call_of(request("PUT", "/minio/admin/v3/add-user", signed_for("s3"), "canary"), 200));
    EXPECT_EQ(record.text("eventSource"), "admin.minio");
    EXPECT_EQ(record.find("requestParameters"), nullptr);
}

TEST_F(Records, AServersOwnCallsMayBeIgnored) {
    home.profile = wire::UpstreamProfile::minio;
    home.record_admin_paths = false;
    EXPECT_TRUE(make(call_of(request("PUT", "/minio/admin/v3/add-user", signed_for("s3")), 200)).empty());
}

TEST_F(Records, ADeletionOfManyObjectsHasOneMoreForEach) {
    const auto records = make(call_of(
        request("POST", "/b?delete", signed_for("s3"),
                "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Quiet>true</Quiet></Delete>"),
        200, {{"x-amz-request-id", "ABC"}}, "<DeleteResult><Error><Key>b</Key></Error></DeleteResult>"));
    ASSERT_EQ(records.size(), 2u);
    const auto event = parse_json(records[1].text);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->text("eventType"), "AwsServiceEvent");
    EXPECT_EQ(event->text("eventName"), "DeleteObject");
    EXPECT_EQ(event->text("requestID"), "ABC");
    EXPECT_EQ(to_text(*event->find("userIdentity")), R"({"accountId":"111122223333","invokedBy":"s3.amazonaws.com"})");
    EXPECT_EQ(event->find("resources")->as_array()[0].text("ARN"), "arn:aws:s3:::b/a");
}

TEST_F(Records, AreLearnedFrom) {
    const net::Headers form{{"Content-Type", form_type}};
    record_of(call_of(request("POST", "/", signed_for("sts", form), "Action=GetCallerIdentity&Version=2011-06-15"), 200,
                      {},
                      "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn>"
                      "</GetCallerIdentityResult></GetCallerIdentityResponse>"));
    ASSERT_EQ(callers.learned.size(), 1u);
    EXPECT_EQ(callers.learned[0], R"(GetCallerIdentity {"arn":"arn:aws:iam::111122223333:user/a"})");
    EXPECT_EQ(evidence,
              R"({"upstream":"origin","confidence":"claimed","answer":{"arn":"arn:aws:iam::111122223333:user/a"}})");
    record_of(call_of(request("POST", "/", signed_for("sts", form), "Action=GetCallerIdentity&Version=2011-06-15"), 403,
                      {}, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"));
    EXPECT_EQ(callers.learned.size(), 1u);
}

TEST_F(Records, AreNotLearnedFromWhereACustomerOfAwsAnswers) {
    home.profile = wire::UpstreamProfile::aws;
    const struct {
        const char *host, *confidence;
    } rows[] = {{"sts.amazonaws.com", "confirmed"},
                {"STS.eu-west-1.amazonaws.com:443", "confirmed"},
                {"sts-fips.us-east-1.amazonaws.com", "confirmed"},
                {"aws.example.com", "confirmed"},
                {"ec2-192-0-2-1.compute-1.amazonaws.com", "foreign"},
                {"sts-1.eu-west-1.elb.amazonaws.com", "foreign"},
                {"abc.execute-api.eu-west-1.amazonaws.com", "foreign"},
                {"abc.lambda-url.eu-west-1.on.aws", "foreign"},
                {"bucket.s3.amazonaws.com", "foreign"}};
    for (const auto& row : rows) {
        SCOPED_TRACE(row.host);
        callers.learned.clear();
        record_of(call_of(request("POST", "/", signed_for("sts", {{"Content-Type", form_type}, {"Host", row.host}}),
                                  "Action=GetCallerIdentity&Version=2011-06-15"),
                          200, {},
                          "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a"
                          "</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"));
        const bool confirmed = row.confidence == std::string_view("confirmed");
        EXPECT_EQ(parse_json(evidence)->text("confidence"), row.confidence);
        EXPECT_EQ(callers.learned.size(), confirmed ? 1u : 0u);
        EXPECT_EQ(parse_json(evidence)->find("answer") != nullptr, confirmed);
    }
    for (const char* host : {"b.s3.eu-west-1.amazonaws.com", "s3.amazonaws.com", "s3-us-west-2.amazonaws.com",
                             "b.s3.dualstack.eu-west-1.amazonaws.com", "b.s3-accelerate.dualstack.amazonaws.com"}) {
        record_of(call_of(request("GET", "/k", signed_for("s3", {{"Host", host}})), 200));
        EXPECT_EQ(parse_json(evidence)->text("confidence"), "confirmed") << host;
    }
    for (const char* host : {"b.s3-website-eu-west-1.amazonaws.com", "s3-x-1.us-east-1.elb.amazonaws.com",
                             "a.s3-object-lambda.eu-west-1.amazonaws.com"}) {
        record_of(call_of(request("GET", "/k", signed_for("s3", {{"Host", host}})), 200));
        EXPECT_EQ(parse_json(evidence)->text("confidence"), "foreign") << host;
    }
}

TEST_F(Records, ShowTheKeysOfTablesThatWereSeen) {
    const auto target = [](const char* name) {
        return signed_for("dynamodb", {{"X-Amz-Target", std::string("DynamoDB_20120810.") + name}});
    };
    const auto put =
        request("POST", "/", target("PutItem"), R"({"TableName":"t","Item":{"id":{"S":"1"},"v":{"S":"canary"}}})");
    EXPECT_EQ(record_of(call_of(put, 200, {}, "{}")).find("requestParameters")->find("key"), nullptr);
    record_of(call_of(request("POST", "/", target("DescribeTable"), R"({"TableName":"t"})"), 200, {},
                      R"({"Table":{"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}})"));
    EXPECT_EQ(to_text(*record_of(call_of(put, 200, {}, "{}")).find("requestParameters")->find("key")), R"({"id":"1"})");
}

TEST_F(Records, EvidenceTellsOfRepetitions) {
    record_of(call_of(request("GET", "/",
                              signed_for("s3", {{"amz-sdk-invocation-id", "6B0F2E0E-7c1e-4a0e-9d2f-3f5b7a1c9e11"},
                                                {"amz-sdk-request", "attempt=2; max=3"}})),
                      200));
    EXPECT_EQ(evidence, R"({"upstream":"origin","confidence":"claimed",)"
                        R"("invocationId":"6B0F2E0E-7c1e-4a0e-9d2f-3f5b7a1c9e11","attempt":2})");
}

// ---- from where

TEST(TrustedProxies, TheRightMostUntrustedAddressCounts) {
    const auto trusted = TrustedProxies::parse({"10.0.0.0/8", "2001:db8::/32", "127.0.0.1"});
    ASSERT_TRUE(trusted);
    const struct {
        std::string peer, name, value, origin;
    } cases[] = {
        {"192.0.2.1", "X-Forwarded-For", "203.0.113.5", "192.0.2.1"},
        {"10.1.2.3", "X-Forwarded-For", "203.0.113.5", "203.0.113.5"},
        {"10.1.2.3", "x-forwarded-for", "1.1.1.1, 203.0.113.5, 10.9.9.9", "203.0.113.5"},
        {"10.1.2.3", "X-Forwarded-For", "203.0.113.5:4711", "203.0.113.5"},
        {"10.1.2.3", "X-Forwarded-For", "[2001:dead::1]:80", "2001:dead::1"},
        {"10.1.2.3", "X-Forwarded-For", "unknown", "10.1.2.3"},
        {"10.1.2.3", "X-Forwarded-For", "1.1.1.1, junk, 10.0.0.1", "10.0.0.1"},
        {"10.1.2.3", "Forwarded", "for=203.0.113.6;proto=https, for=\"[2001:db8::5]:1\"", "203.0.113.6"},
        {"2001:db8::9", "X-Forwarded-For", "203.0.113.5", "203.0.113.5"},
        {"127.0.0.1", "X-Forwarded-For", "10.0.0.1", "10.0.0.1"},
        {"10.1.2.3", "X-Other", "1", "10.1.2.3"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.peer + " " + row.value);
        EXPECT_EQ(trusted->origin(row.peer, request("GET", "/", {{row.name, row.value}})), row.origin);
    }
    EXPECT_FALSE(TrustedProxies::parse({"10.0.0.0/99"}));
    EXPECT_FALSE(TrustedProxies::parse({"example.com"}));
}

TEST(ProxyHeader, IsReadWholeOrNotAtAll) {
    const std::string one = "PROXY TCP6 2001:db8::1 ::1 1 2\r\n", unknown = "PROXY UNKNOWN\r\n";
    const std::string two("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x0a\x7f\0\0\x01\x13\x88\0\x50", 28);
    const std::string local("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
    for (const auto& [bytes, source] :
         {std::pair(one, "2001:db8::1"), {unknown, ""}, {two, "203.0.113.10"}, {local, ""}}) {
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            const auto part = read_proxy_header(bytes.substr(0, cut));
            EXPECT_TRUE(part && !*part) << bytes << cut;
        }
        const auto whole = read_proxy_header(bytes + "GET / ");
        ASSERT_TRUE(whole && *whole) << bytes;
        EXPECT_EQ((*whole)->size, bytes.size());
        EXPECT_EQ((*whole)->source, source);
    }
    for (const char* wrong : {"GET / HTTP/1.1\r\n", "PROXY TCP4 a b 1 2\r\n", "PROXY TCP5 1.1.1.1 1.1.1.1 1 2\r\n"})
        EXPECT_FALSE(read_proxy_header(wrong)) << wrong;
    EXPECT_FALSE(read_proxy_header("PROXY " + std::string(200, 'x')));
}

// ---- copies of bodies

TEST(BodyCopy, KeepsAllOrTheBeginningOrNothing) {
    Metrics metrics;
    auto& spent = metrics.counter("spent", "");
    CopyBudget budget(20, spent);
    {
        BodyCopy whole, beginning, nothing, other;
        whole.begin(budget, 5);
        for (const char* piece : {"ab", "", "cde"}) whole.add(piece);
        EXPECT_TRUE(whole.whole());
        EXPECT_EQ(whole.bytes(), "abcde");
        beginning.begin(budget, 6, 4);
        for (const char* piece : {"abc", "def", "ghi", "j"}) beginning.add(piece);
        EXPECT_FALSE(beginning.whole());
        EXPECT_EQ(beginning.bytes(), "abcd");
        nothing.begin(budget, 2);
        for (const char* piece : {"ab", "c", "d"}) nothing.add(piece);
        EXPECT_FALSE(nothing.whole());
        EXPECT_EQ(nothing.bytes(), "");
        EXPECT_EQ(budget.taken(), 9u);
        EXPECT_EQ(spent.value(), 0u);
        other.begin(budget, 100, 4);
        for (const char* piece : {"0123456789", "0123456789"}) other.add(piece);
        EXPECT_FALSE(other.whole());
        EXPECT_EQ(other.bytes(), "");
        EXPECT_EQ(spent.value(), 1u);
        BodyCopy long_beginning;
        long_beginning.begin(budget, 6, 4);
        long_beginning.add("0123456789");
        EXPECT_EQ(long_beginning.bytes(), "0123");
    }
    EXPECT_EQ(budget.taken(), 0u);
}

// ---- bringing records to where they are kept

class FlakySink final : public RecordSink {
public:
    void submit(GatewayRecord record, Done done) override {
        std::unique_lock lock(mutex_);
        const bool refused = record.text.find(unwanted) != std::string::npos;
        const auto result = failing   ? Result<void>(fail(Code::exhausted, "no"))
                            : refused ? Result<void>(fail(Code::invalid, "never"))
                                      : Result<void>();
        if (result) taken_.emplace_back(record.sequence, std::move(record.text));
        lock.unlock();
        done(result);
    }
    std::size_t taken() {
        std::lock_guard lock(mutex_);
        return taken_.size();
    }
    std::vector<std::pair<std::uint64_t, std::string>> all() {
        std::lock_guard lock(mutex_);
        return taken_;
    }

    std::atomic<bool> failing{false};
    const std::string unwanted = "unwanted-key";  ///< what records hold that are never taken

private:
    std::mutex mutex_;
    std::vector<std::pair<std::uint64_t, std::string>> taken_;
};

RecordingOptions quick() {
    RecordingOptions options;
    options.retry_interval = std::chrono::milliseconds(5);
    return options;
}

Call call_to(const std::string& target) {
    Call call;
    call.request = request("GET", target);
    call.classified = classify_request(call.request, {}, {});
    call.response.status = 200;
    return call;
}

TEST(Recording, CopiesOfBodiesWhatTheirRecordsNeed) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    const Recording recording(quick(), callers, sink, metrics);
    const auto limits = [&](const net::Request& head, int status) {
        const auto call = classify_request(head, head.body, {});
        net::Response response;
        response.status = status;
        return recording.limits(head, &call, &response);
    };
    const auto put = request("PUT", "/b/k", signed_for("s3"));
    EXPECT_EQ(limits(put, 200).request_bytes_max, 0u);
    EXPECT_EQ(limits(put, 200).response_bytes_max, 0u);
    EXPECT_EQ(limits(put, 403).response_bytes_max, 64u << 10);
    EXPECT_EQ(limits(request("POST", "/b?delete", signed_for("s3")), 200).request_bytes_max, 2u << 20);
    const auto form = request("POST", "/", signed_for("iam", {{"Content-Type", form_type}}));
    EXPECT_EQ(recording.limits(form, nullptr, nullptr).request_bytes_max, 1u << 20);
    EXPECT_EQ(recording.limits(form, nullptr, nullptr).request_first_bytes, 64u << 10);
    const auto upload = request("POST", "/b", {{"Content-Type", "multipart/form-data; boundary=b"}});
    EXPECT_LT(recording.limits(upload, nullptr, nullptr).request_bytes_max, 32u << 10);
}

TEST(Recording, ARecordThatIsNeverTakenIsSetAsideAndHoldsUpNoOther) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    support::MemoryDisk disk;
    SettingAside aside(sink, &disk, metrics);
    Recording recording(quick(), callers, aside, metrics);
    bool recorded = false;
    recording.record(call_to("/b/unwanted-key"), [&](Result<void> result) { recorded = result.has_value(); });
    EXPECT_TRUE(recorded) << "it is durable in the gateway's own file";
    EXPECT_TRUE(recording.accepting());
    recording.record(call_to("/b/other"), [&](Result<void> result) { EXPECT_TRUE(result); });
    EXPECT_EQ(sink.taken(), 1u);
    disk.crash();
    const auto kept = read_file(disk, "refused/records.ndjson");
    ASSERT_TRUE(kept);
    EXPECT_NE(kept->find("unwanted-key"), std::string::npos);
    EXPECT_TRUE(kept->ends_with("}\n"));
}

TEST(Recording, WithoutAPlaceOnlyTheCallOfARefusedRecordFails) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    SettingAside aside(sink, nullptr, metrics);
    Recording recording(quick(), callers, aside, metrics);
    bool failed = false;
    recording.record(call_to("/b/unwanted-key"), [&](Result<void> result) { failed = !result; });
    EXPECT_TRUE(failed);
    EXPECT_TRUE(recording.accepting());
    sink.failing = true;  // and if it was only found later
    recording.record(call_to("/b/unwanted-key"), [](const Result<void>&) {});
    EXPECT_FALSE(recording.accepting());
    sink.failing = false;
    for (int i = 0; i < 500 && !recording.accepting(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(recording.accepting());
}

TEST(Recording, WhatIsNotTakenIsGivenAgainUntilItIs) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    Recording recording(quick(), callers, sink, metrics);
    EXPECT_TRUE(recording.accepting());
    sink.failing = true;
    int failed = 0;
    for (int i = 0; i < 3; ++i)
        recording.record(call_to("/b/" + std::to_string(i)), [&](Result<void> result) { failed += !result; });
    EXPECT_EQ(failed, 3);
    EXPECT_FALSE(recording.accepting());
    sink.failing = false;
    for (int i = 0; i < 500 && !recording.accepting(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(recording.accepting());
    const auto taken = sink.all();
    ASSERT_EQ(taken.size(), 3u);
    EXPECT_LT(taken[0].first, taken[1].first);
    EXPECT_LT(taken[1].first, taken[2].first);
}

TEST(Recording, WhatWaitsAtTheEndIsGivenOnceMore) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    {
        auto options = quick();
        options.retry_interval = std::chrono::hours(1);
        Recording recording(options, callers, sink, metrics);
        sink.failing = true;
        recording.record(call_to("/b/k"), [](Result<void>) {});
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        sink.failing = false;
    }
    EXPECT_EQ(sink.taken(), 1u);
}

TEST(Recording, OnlySoMuchWaits) {
    FlakySink sink;
    ListeningCallers callers;
    Metrics metrics;
    auto options = quick();
    options.waiting_bytes_max = 2'000;
    Recording recording(options, callers, sink, metrics);
    sink.failing = true;
    for (int i = 0; i < 10; ++i) recording.record(call_to("/b/k"), [](Result<void>) {});
    EXPECT_GT(metrics.counter("cairn_gateway_dropped_records_total", "").value(), 5u);
}

}  // namespace
}  // namespace cairn::gateway
