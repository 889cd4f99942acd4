#include <gtest/gtest.h>

#include "api/fake_engine.h"
#include "wire/model.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

TEST(Dispatch, EveryOtherOperationIsNamedAsUnsupported) {
    FakeEngine engine;
    for (const auto& [name, operation] : wire::model_of("cloudtrail").operations()) {
        if (name == "LookupEvents") continue;
        const auto answer = engine.call(FakeEngine::request("POST", "/", "{}", "cloudtrail", "us-east-1", {{"X-Amz-Target", "CloudTrail_20131101." + name}}));
        EXPECT_EQ(answer.response.status, 400) << name;
        EXPECT_EQ(answer.json().text("__type"), "UnsupportedOperationException") << name;
        EXPECT_NE(answer.json().text("message").find(name), std::string_view::npos) << answer.json().text("message");
    }
}

TEST(Dispatch, CallerIdentity) {
    FakeEngine engine;
    const auto call = [&](const std::string& body) {
        return engine.call(FakeEngine::request("POST", "/", body, "sts", "us-east-1", {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}));
    };
    const auto answer = call("Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/xml");
    for (const auto* part : {"<Account>111122223333</Account>", "<Arn>arn:aws:iam::111122223333:user/admin</Arn>",
                             "<UserId>AIDAEXAMPLE0000000001</UserId>", "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""})
        EXPECT_NE(answer.response.body.find(part), std::string::npos) << part;
    EXPECT_NE(answer.response.body.find("<RequestId>" + answer.header("x-amzn-RequestId") + "</RequestId>"), std::string::npos);

    const auto other = call("Action=AssumeRole&Version=2011-06-15");
    EXPECT_EQ(other.response.status, 400);
    EXPECT_NE(other.response.body.find("<Code>InvalidAction</Code><Message>Could not find operation AssumeRole for version 2011-06-15"), std::string::npos);
    EXPECT_EQ(call("").response.status, 400);
}

TEST(Dispatch, WhoIsNotKnownIsToldSoInTheProtocolOfTheService) {
    FakeEngine engine;
    const auto without_key = [&](const char* target, const char* service, net::Headers headers) {
        headers.emplace_back("X-Test-Key", "absent");
        return engine.call(FakeEngine::request("POST", target, "", service, "us-east-1", std::move(headers)));
    };
    const auto json = without_key("/", "cloudtrail", {});
    EXPECT_EQ(json.response.status, 400);
    EXPECT_EQ(json.json().text("__type"), "UnrecognizedClientException");
    const auto query = without_key("/", "sts", {});
    EXPECT_EQ(query.response.status, 403);
    EXPECT_NE(query.response.body.find("<Code>InvalidClientTokenId</Code>"), std::string::npos);
    const auto rest = without_key("/PutAuditEvents?channelArn=default", "cloudtrail-data", {});
    EXPECT_EQ(rest.response.status, 403);
    EXPECT_EQ(rest.header("x-amzn-ErrorType"), "UnrecognizedClientException");
    const auto own = without_key("/v1/search", "cairn", {});
    EXPECT_EQ(own.response.status, 401);
    EXPECT_EQ(own.json().find("error")->text("code"), "UnrecognizedClient");
    EXPECT_EQ(own.json().find("error")->text("requestId"), own.header("x-amzn-RequestId"));
}

TEST(Dispatch, UnsignedRequestsGoByTargetThenByPath) {
    FakeEngine engine;
    const auto status = [&](const char* method, const char* target, net::Headers headers = {}) {
        net::Request request{.method = method, .target = target, .headers = std::move(headers), .body = {}, .peer_address = {}, .tls = false};
        return engine.call(std::move(request)).response.status;
    };
    EXPECT_EQ(status("GET", "/healthz"), 200);
    EXPECT_EQ(status("GET", "/readyz"), 200);
    EXPECT_EQ(status("GET", "/metrics"), 200);
    EXPECT_EQ(status("GET", "/"), 404);
    EXPECT_EQ(status("GET", "/nothing/here"), 404);
    EXPECT_EQ(status("POST", "/", {{"X-Amz-Target", "CloudTrail_20131101.LookupEvents"}}), 400);
    EXPECT_EQ(status("POST", "/"), 400);
    EXPECT_EQ(status("POST", "/ingest"), 401);
    EXPECT_EQ(status("POST", "/v1/search"), 401);
    EXPECT_EQ(engine.own("GET", "/v1/nonsense").response.status, 404);
    EXPECT_EQ(engine.own("GET", "/v1/search").response.status, 405);
}

TEST(Dispatch, ReadinessNamesWhatIsMissing) {
    FakeEngine engine;
    engine.log.full = true;
    const auto answer = engine.call({.method = "GET", .target = "/readyz", .headers = {}, .body = {}, .peer_address = {}, .tls = false});
    EXPECT_EQ(answer.response.status, 503);
    EXPECT_NE(answer.response.body.find("disk budget"), std::string::npos);
}

TEST(Dispatch, BodiesHaveTheLimitOfTheirCall) {
    FakeEngine engine;
    const auto limit = [&](const char* target, const char* service) {
        return engine.api->body_limit(FakeEngine::request("POST", target, "", service));
    };
    EXPECT_EQ(limit("/", "cloudtrail"), std::size_t{1} << 20);
    EXPECT_EQ(limit("/PutAuditEvents", "cloudtrail-data"), std::size_t{1} << 20);
    EXPECT_EQ(limit("/ingest", "cairn"), std::size_t{64} << 20);
    EXPECT_EQ(limit("/ingest", "cloudtrail"), std::size_t{1} << 20);
}

TEST(OwnCalls, AreEventsWithTheRealCaller) {
    FakeEngine engine;
    engine.lookup(R"({"MaxResults":1,"NextToken":null,"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"}]})");
    const auto event = engine.wait_for_events("LookupEvents", 1).at(0);
    EXPECT_EQ(event.text("eventSource"), "cloudtrail.amazonaws.com");
    EXPECT_EQ(event.text("eventTime"), "2026-01-02T04:00:00Z");
    EXPECT_EQ(event.text("awsRegion"), "us-east-1");
    EXPECT_EQ(event.text("sourceIPAddress"), "192.0.2.9");
    EXPECT_EQ(event.text("userAgent"), "aws-cli/2.15.0");
    EXPECT_EQ(event.text("recipientAccountId"), "111122223333");
    EXPECT_EQ(to_text(*event.find("userIdentity")),
              R"({"type":"IAMUser","principalId":"AIDAEXAMPLE0000000001","arn":"arn:aws:iam::111122223333:user/admin",)"
              R"("accountId":"111122223333","accessKeyId":"AKIAEXAMPLE000000001","userName":"admin"})");
    EXPECT_EQ(to_text(*event.find("requestParameters")),
              R"({"lookupAttributes":[{"attributeKey":"EventName","attributeValue":"x"}],"maxResults":1})");
    EXPECT_TRUE(event.find("readOnly")->as_bool());
    EXPECT_EQ(event.find("errorCode"), nullptr);
}

TEST(OwnCalls, FailuresKeepTheirCodeAndRoleSessionsTheirIssuer) {
    FakeEngine engine;
    auto& session = engine.caller("session");
    session.type = identity::PrincipalType::role_session;
    session.arn = "arn:aws:sts::111122223333:assumed-role/ops/s1";
    session.principal_id = "AROAEXAMPLE0000000001:s1";
    session.policies.clear();
    const auto answer = engine.call(FakeEngine::request("POST", "/", R"({"Name":"t"})", "cloudtrail", "us-east-1",
                                                        {{"X-Amz-Target", "CloudTrail_20131101.DeleteTrail"}, {"X-Test-Key", "session"}}));
    EXPECT_EQ(answer.json().text("__type"), "AccessDeniedException");
    const auto event = engine.wait_for_events("DeleteTrail", 1).at(0);
    EXPECT_EQ(event.text("errorCode"), "AccessDenied");
    EXPECT_EQ(event.text("errorMessage"),
              "User: arn:aws:sts::111122223333:assumed-role/ops/s1 is not authorized to perform: cloudtrail:DeleteTrail on resource: * "
              "because no identity-based policy allows the cloudtrail:DeleteTrail action");
    EXPECT_EQ(event.find("requestParameters"), nullptr);
    EXPECT_FALSE(event.find("readOnly")->as_bool());
    EXPECT_EQ(to_text(*event.find("userIdentity")),
              R"({"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:s1","arn":"arn:aws:sts::111122223333:assumed-role/ops/s1",)"
              R"("accountId":"111122223333","accessKeyId":"AKIAEXAMPLE000000001","sessionContext":{"sessionIssuer":{"type":"Role",)"
              R"("principalId":"AROAEXAMPLE0000000001","arn":"arn:aws:iam::111122223333:role/ops","accountId":"111122223333",)"
              R"("userName":"ops"},"attributes":{"mfaAuthenticated":"false"}}})");
}

TEST(OwnCalls, AFailedWriteIsRecordedBeforeItIsAnswered) {
    FakeEngine engine;
    const auto target = net::Headers{{"X-Amz-Target", "CloudTrail_20131101.CreateTrail"}};
    engine.call(FakeEngine::request("POST", "/", R"({"Name":"t","S3BucketName":"b"})", "cloudtrail", "us-east-1", target));
    EXPECT_EQ(engine.history.covered(), 1u);  // without waiting
    engine.ingest_failure = fail(Code::exhausted, "full");
    const auto answer = engine.call(FakeEngine::request("POST", "/", "{}", "cloudtrail", "us-east-1", target));
    EXPECT_EQ(answer.json().text("__type"), "UnsupportedOperationException");
}

TEST(OwnCalls, AreNotRecordedWhenSwitchedOff) {
    Settings settings;
    settings.record_calls = false;
    FakeEngine engine(settings);
    engine.lookup("{}");
    engine.own("POST", "/v1/search", "{}");
    engine.api.reset();
    EXPECT_EQ(engine.history.covered(), 0u);
}
