#include "api/own_calls.h"

#include <thread>

#include <gtest/gtest.h>

#include "api/fake_engine.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

/// A read that is answered, and recorded, on the calling thread.
net::Request list_trails() {
    return FakeEngine::request("POST", "/", "{}", "cloudtrail", "us-east-1",
                               {{"X-Amz-Target", "CloudTrail_20131101.ListTrails"}});
}

std::string metric(const FakeEngine& engine, const std::string& name) {
    const auto text = engine.metrics.render();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? ""
                                   : text.substr(at + name.size() + 2, text.find('\n', at + 1) - at - name.size() - 2);
}

}  // namespace

TEST(OwnCalls, AreEventsWithTheRealCaller) {
    FakeEngine engine;
    engine.lookup(
        R"({"MaxResults":1,"NextToken":null,"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"}]})");
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
    const auto answer = engine.call(
        FakeEngine::request("POST", "/", R"({"Name":"t"})", "cloudtrail", "us-east-1",
                            {{"X-Amz-Target", "CloudTrail_20131101.DeleteTrail"}, {"X-Test-Key", "session"}}));
    EXPECT_EQ(answer.json().text("__type"), "AccessDeniedException");
    const auto event = engine.wait_for_events("DeleteTrail", 1).at(0);
    EXPECT_EQ(event.text("errorCode"), "AccessDenied");
    EXPECT_EQ(event.text("errorMessage"),
              "User: arn:aws:sts::111122223333:assumed-role/ops/s1 is not authorized to perform: "
              "cloudtrail:DeleteTrail on resource: * "
              "because no identity-based policy allows the cloudtrail:DeleteTrail action");
    EXPECT_EQ(event.find("requestParameters"), nullptr);
    EXPECT_FALSE(event.find("readOnly")->as_bool());
    EXPECT_EQ(
        to_text(*event.find("userIdentity")),
        R"({"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:s1","arn":"arn:aws:sts::111122223333:assumed-role/ops/s1",)"
        R"("accountId":"111122223333","accessKeyId":"AKIAEXAMPLE000000001","sessionContext":{"sessionIssuer":{"type":"Role",)"
        R"("principalId":"AROAEXAMPLE0000000001","arn":"arn:aws:iam::111122223333:role/ops","accountId":"111122223333",)"
        R"("userName":"ops"},"attributes":{"mfaAuthenticated":"false"}}})");
}

TEST(OwnCalls, AFailedWriteIsRecordedBeforeItIsAnswered) {
    FakeEngine engine;
    const auto target = net::Headers{{"X-Amz-Target", "CloudTrail_20131101.CreateTrail"}};
    engine.call(
        FakeEngine::request("POST", "/", R"({"Name":"t","S3BucketName":"b"})", "cloudtrail", "us-east-1", target));
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

TEST(OwnCalls, ACallerWaitsWhileIngestIsBehind) {
    Settings settings;
    settings.own_calls_waiting_max = 2;
    FakeEngine engine(settings);
    engine.hold_ingest();
    const auto first = engine.begin(list_trails());
    EXPECT_TRUE(first.answered());
    engine.wait_for_held(1);  // it is with ingest; the next two wait in the queue
    const auto second = engine.begin(list_trails()), third = engine.begin(list_trails());
    EXPECT_TRUE(second.answered() && third.answered());
    const auto fourth = engine.begin(list_trails()), fifth = engine.begin(list_trails());
    EXPECT_FALSE(fourth.answered() || fifth.answered());
    EXPECT_EQ(metric(engine, "cairn_own_calls_held_total"), "2");

    engine.release_ingest();
    for (const auto& call : {fourth, fifth})
        EXPECT_EQ(call.wait().json().text("__type"), "UnsupportedOperationException");
    engine.wait_for_events("ListTrails", 5);
    engine.api.reset();
    EXPECT_EQ(engine.history.covered(), 5u);
    EXPECT_EQ(metric(engine, "cairn_own_calls_recorded_total"), "5");
}

TEST(OwnCalls, WaitingCallersAreAnsweredWhenTheServerEnds) {
    Settings settings;
    settings.own_calls_waiting_max = 1;
    FakeEngine engine(settings);
    engine.hold_ingest();
    std::vector<FakeEngine::Pending> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(engine.begin(list_trails()));
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        engine.release_ingest();
    });
    engine.api.reset();
    release.join();
    for (const auto& call : calls) EXPECT_EQ(call.wait().response.status, 400);
    EXPECT_EQ(engine.history.covered(), 8u);
}

TEST(OwnCalls, WhatTheLogRefusesIsCounted) {
    FakeEngine engine;
    engine.ingest_failure = fail(Code::exhausted, "the disk budget is spent");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(engine.call(list_trails()).json().text("__type"), "UnsupportedOperationException");
    engine.api.reset();
    EXPECT_EQ(metric(engine, "cairn_own_calls_unrecorded_total"), "3");
    EXPECT_EQ(metric(engine, "cairn_own_calls_recorded_total"), "0");
}

TEST(OwnCalls, WhatIngestRejectsIsCounted) {
    FakeEngine engine;
    engine.caller("admin").name = "\xff";  // no record holds this
    engine.call(list_trails());
    engine.api.reset();
    EXPECT_EQ(metric(engine, "cairn_own_calls_unrecorded_total"), "1");
}

TEST(OwnCalls, TextFromOutsideBecomesValid) {
    FakeEngine engine;
    const auto answer = engine.own("GET", "/v1/events/%ff");
    EXPECT_EQ(answer.response.status, 404);
    EXPECT_EQ(answer.json().find("error")->text("message"), "no event \xef\xbf\xbd that you may see");
    const auto event = engine.wait_for_events("GetEvent", 1).at(0);
    EXPECT_EQ(event.find("requestParameters")->text("eventID"), "\xef\xbf\xbd");
}

TEST(OwnCalls, SayHowTheConnectionWasMade) {
    const auto details = [](const char* host, bool tls) {
        FakeEngine engine;
        auto request = list_trails();
        if (host) request.headers.emplace_back("Host", host);
        request.tls = tls;
        if (tls) request.tls_version = "TLSv1.3", request.tls_cipher = "TLS_AES_128_GCM_SHA256";
        engine.call(std::move(request));
        const auto event = engine.wait_for_events("ListTrails", 1).at(0);
        const auto* found = event.find("tlsDetails");
        return found ? to_text(*found) : std::string();
    };
    EXPECT_EQ(
        details("cloudtrail.us-east-1.amazonaws.com", true),
        R"({"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"cloudtrail.us-east-1.amazonaws.com"})");
    const auto with_host = [&](const char* host) {
        const auto text = details(host, true);
        return text.substr(text.find("\"clientProvided"));
    };
    EXPECT_EQ(with_host("127.0.0.1:4610"), R"("clientProvidedHostHeader":"127.0.0.1"})");
    EXPECT_EQ(with_host("[::1]:4610"), R"("clientProvidedHostHeader":"[::1]"})");
    EXPECT_EQ(with_host("[::1]"), R"("clientProvidedHostHeader":"[::1]"})");
    EXPECT_EQ(details(nullptr, true), R"({"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"})");
    EXPECT_EQ(details("127.0.0.1:4610", false), "") << "without TLS there are none";
}

TEST(OwnCalls, LeaveOutPageTokens) {
    FakeEngine engine;
    engine.own("POST", "/v1/search", R"({"q":"user=ana","cursor":"0/0"})");
    const auto event = engine.wait_for_events("SearchEvents", 1).at(0);
    EXPECT_EQ(to_text(*event.find("requestParameters")), R"({"q":"user=ana"})");
}
