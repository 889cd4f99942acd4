#include <tuple>

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
        const auto answer = engine.call(FakeEngine::request("POST", "/", "{}", "cloudtrail", "us-east-1",
                                                            {{"X-Amz-Target", "CloudTrail_20131101." + name}}));
        EXPECT_EQ(answer.response.status, 400) << name;
        EXPECT_EQ(answer.json().text("__type"), "UnsupportedOperationException") << name;
        EXPECT_NE(answer.json().text("message").find(name), std::string_view::npos) << answer.json().text("message");
    }
}

TEST(Dispatch, CallerIdentity) {
    FakeEngine engine;
    const auto call = [&](const std::string& body) {
        return engine.call(FakeEngine::request("POST", "/", body, "sts", "us-east-1",
                                               {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}));
    };
    const auto answer = call("Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/xml");
    for (const auto* part :
         {"<Account>111122223333</Account>", "<Arn>arn:aws:iam::111122223333:user/admin</Arn>",
          "<UserId>AIDAEXAMPLE0000000001</UserId>", "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""})
        EXPECT_NE(answer.response.body.find(part), std::string::npos) << part;
    EXPECT_NE(answer.response.body.find("<RequestId>" + answer.header("x-amzn-RequestId") + "</RequestId>"),
              std::string::npos);

    const auto other = call("Action=AssumeRole&Version=2011-06-15");
    EXPECT_EQ(other.response.status, 400);
    EXPECT_NE(other.response.body.find(
                  "<Code>InvalidAction</Code><Message>Could not find operation AssumeRole for version 2011-06-15"),
              std::string::npos);
    const struct {
        const char* body;
        const char* code;
    } wrong[] = {
        {"", "<Code>MissingAction</Code>"},
        {"Version=2011-06-15", "<Code>MissingAction</Code>"},
        {"Action=GetCallerIdentity", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
        {"Action=GetCallerIdentity&Version=2010-05-08",
         "Could not find operation GetCallerIdentity for version 2010-05-08"},
        {"Action=%ff&Version=2011-06-15", "Could not find operation \xef\xbf\xbd for version 2011-06-15"},
    };
    for (const auto& row : wrong) {
        const auto refused = call(row.body);
        EXPECT_EQ(refused.response.status, 400) << row.body;
        EXPECT_NE(refused.response.body.find(row.code), std::string::npos) << refused.response.body;
    }
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
        net::Request request{.method = method,
                             .target = target,
                             .headers = std::move(headers),
                             .body = {},
                             .peer_address = {},
                             .tls = false};
        return engine.call(std::move(request)).response.status;
    };
    EXPECT_EQ(status("GET", "/healthz"), 200);
    EXPECT_EQ(status("GET", "/readyz"), 200);
    EXPECT_EQ(status("GET", "/metrics"), 200);
    EXPECT_EQ(status("GET", "/"), 404);
    EXPECT_EQ(status("GET", "/nothing/here"), 404);
    EXPECT_EQ(status("POST", "/", {{"X-Amz-Target", "CloudTrail_20131101.LookupEvents"}}), 400);
    EXPECT_EQ(status("POST", "/"), 400);
    EXPECT_EQ(status("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}}), 403);
    EXPECT_EQ(status("POST", "/ingest"), 401);
    EXPECT_EQ(status("POST", "/v1/search"), 401);
    EXPECT_EQ(engine.own("GET", "/v1/nonsense").response.status, 404);
    for (const auto& [method, path, allow] :
         {std::tuple("GET", "/v1/search", "POST"), std::tuple("POST", "/v1/tail", "GET"),
          std::tuple("PUT", "/v1/wait", "GET, POST"), std::tuple("GET", "/ingest", "POST"),
          std::tuple("DELETE", "/healthz", "GET, HEAD"), std::tuple("POST", "/readyz", "GET, HEAD"),
          std::tuple("TRACE", "/metrics", "GET, HEAD")}) {
        const auto answer = engine.own(method, path);
        EXPECT_EQ(answer.response.status, 405) << path;
        EXPECT_EQ(answer.header("Allow"), allow) << path;
    }
}

TEST(Dispatch, ReadinessNamesWhatIsMissing) {
    FakeEngine engine;
    engine.log.full = true;
    const auto answer = engine.call(
        {.method = "GET", .target = "/readyz", .headers = {}, .body = {}, .peer_address = {}, .tls = false});
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

TEST(Dispatch, WhatTheServerRefusesIsAnsweredInTheProtocolOfTheService) {
    FakeEngine engine;
    const auto refused = [&](const char* target, const char* service, int status) {
        return Answer{
            engine.api->refusal(FakeEngine::request("POST", target, "", service), status, "the body is too large"), {}};
    };
    const auto json = refused("/", "cloudtrail", 413);
    EXPECT_EQ(json.response.status, 413);
    EXPECT_EQ(json.header("Content-Type"), "application/x-amz-json-1.1");
    EXPECT_EQ(json.response.body, R"({"__type":"RequestEntityTooLargeException","message":"the body is too large"})");
    const auto rest = refused("/PutAuditEvents", "cloudtrail-data", 413);
    EXPECT_EQ(rest.response.status, 413);
    EXPECT_EQ(rest.header("x-amzn-ErrorType"), "RequestEntityTooLargeException");
    const auto query = refused("/", "sts", 400);
    EXPECT_EQ(query.response.status, 400);
    EXPECT_NE(query.response.body.find("<Code>MalformedHttpRequest</Code>"), std::string::npos) << query.response.body;
    const auto own = refused("/ingest", "cairn", 413);
    EXPECT_EQ(own.response.status, 413);
    EXPECT_EQ(own.json().find("error")->text("code"), "BodyTooLarge");
    EXPECT_EQ(refused("/v1/search", "cairn", 503).header("Retry-After"), "1");
    EXPECT_EQ(refused("/", "cloudtrail", 408).json().text("__type"), "RequestTimeoutException");
    EXPECT_EQ(refused("/", "cloudtrail", 503).json().text("__type"), "ServiceUnavailable");

    const Answer unknown{engine.api->refusal({}, 431, "the head of the request is too long"), {}};
    EXPECT_EQ(unknown.response.status, 431);
    EXPECT_EQ(unknown.response.body, "the head of the request is too long\n");
    for (const auto* answer : {&json, &rest, &query, &own, &unknown})
        EXPECT_EQ(answer->header("x-amzn-RequestId").size(), 36u);
}
