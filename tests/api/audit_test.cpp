#include "api/audit_event.h"

#include <gtest/gtest.h>

#include "api/fake_engine.h"
#include "base/bytes.h"
#include "sign/digest.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

const std::string account = "111122223333";

Json event_data() {
    return JsonObject{{"version", "1"},
                      {"userIdentity", JsonObject{{"type", "person"}, {"principalId", "ana@example.com"}}},
                      {"eventSource", "shop.example.com"},
                      {"eventName", "Refund"},
                      {"eventTime", "2026-01-02T03:04:05Z"},
                      {"UID", "order-7"},
                      {"recipientAccountId", account}};
}

Json without(Json document, std::string_view name) {
    std::erase_if(document.object(), [&](const auto& member) { return member.first == name; });
    return document;
}

Json with(Json document, std::string_view name, Json value) {
    document.set(name, std::move(value));
    return document;
}

Json entry(const std::string& id, const Json& data) { return JsonObject{{"id", id}, {"eventData", to_text(data)}}; }

Answer put(FakeEngine& engine, JsonArray entries, const std::string& channel = "default",
           const std::string& key = "admin") {
    return engine.call(FakeEngine::request("POST", "/PutAuditEvents?channelArn=" + channel,
                                           to_text(JsonObject{{"auditEvents", std::move(entries)}}), "cloudtrail-data",
                                           "us-east-1", {{"X-Test-Key", key}}));
}

std::string failed_code(const Answer& answer) {
    const auto json = answer.json();
    const auto& failed = json.find("failed")->as_array();
    return failed.empty() ? "" : std::string(failed[0].text("errorCode"));
}

}  // namespace

TEST(PutAuditEvents, StoresTheEventInItsWrapper) {
    FakeEngine engine;
    const auto answer = put(engine, {entry("one", event_data())});
    ASSERT_EQ(answer.response.status, 200) << answer.response.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    const auto json = answer.json();
    EXPECT_TRUE(json.find("failed")->as_array().empty());
    const auto& successful = json.find("successful")->as_array().at(0);
    EXPECT_EQ(successful.text("id"), "one");
    const auto id = std::string(successful.text("eventID"));
    const auto stored = engine.own("GET", "/v1/events/" + id).json();
    EXPECT_EQ(
        stored.find("events")->as_array().at(0).text("record"),
        R"({"eventVersion":"1.0","eventCategory":"ActivityAuditLog","eventType":"ActivityLog","eventID":")" + id +
            R"(","eventTime":"2026-01-02T03:04:05Z","awsRegion":"us-east-1","recipientAccountId":"111122223333","metadata":{)"
            R"("ingestionTime":"2026-01-02T04:00:00Z","channelARN":")" +
            default_channel("us-east-1", account).arn() + R"("},"eventData":)" + to_text(event_data()) + "}");
}

TEST(PutAuditEvents, ARetryMakesNoSecondEvent) {
    FakeEngine engine;
    const auto first = put(engine, {entry("one", event_data())});
    engine.clock.advance(std::chrono::hours(1));
    const auto again = put(engine, {entry("one", event_data()), entry("two", event_data())});
    EXPECT_EQ(again.json().find("successful")->as_array().at(0).text("eventID"),
              first.json().find("successful")->as_array().at(0).text("eventID"));
    EXPECT_NE(again.json().find("successful")->as_array().at(1).text("eventID"),
              first.json().find("successful")->as_array().at(0).text("eventID"));
    EXPECT_EQ(engine.history.covered(), 2u);
    const auto changed = put(engine, {entry("one", with(event_data(), "eventName", "Other"))});
    EXPECT_EQ(changed.json().find("successful")->as_array().size(), 1u);
    EXPECT_EQ(engine.history.covered(), 3u);
}

TEST(PutAuditEvents, RetriesAtTheSameTimeMakeOneEvent) {
    FakeEngine engine;
    std::vector<FakeEngine::Pending> calls;
    for (int i = 0; i < 16; ++i)
        calls.push_back(engine.begin(FakeEngine::request(
            "POST", "/PutAuditEvents?channelArn=default",
            to_text(JsonObject{{"auditEvents", JsonArray{entry("one", event_data())}}}), "cloudtrail-data")));
    for (const auto& call : calls) EXPECT_EQ(call.wait().json().find("successful")->as_array().size(), 1u);
    EXPECT_EQ(engine.history.covered(), 1u);
}

TEST(PutAuditEvents, EachEventIsJudgedAlone) {
    FakeEngine engine;
    JsonArray entries;
    for (int i = 0; i < 99; ++i) entries.push_back(entry("id-" + std::to_string(i), event_data()));
    auto bad = entry("bad", event_data());
    bad.set("eventDataChecksum", "AAAA");
    entries.push_back(bad);
    const auto json = put(engine, std::move(entries)).json();
    EXPECT_EQ(json.find("successful")->as_array().size(), 99u);
    ASSERT_EQ(json.find("failed")->as_array().size(), 1u);
    EXPECT_EQ(json.find("failed")->as_array()[0].text("id"), "bad");
    EXPECT_EQ(json.find("failed")->as_array()[0].text("errorCode"), "InvalidChecksum");
}

TEST(PutAuditEvents, TheChecksumIsOfTheExactText) {
    FakeEngine engine;
    auto good = entry("one", event_data());
    good.set("eventDataChecksum", to_base64(sign::sha256(to_text(event_data()))));
    EXPECT_EQ(failed_code(put(engine, {good})), "");
}

TEST(PutAuditEvents, EveryRuleOfTheDocumentHasItsCode) {
    FakeEngine engine;
    const struct {
        Json data;
        const char* code;
    } cases[] = {
        {without(event_data(), "version"), "FieldNotFound"},
        {without(event_data(), "UID"), "FieldNotFound"},
        {without(event_data(), "userIdentity"), "FieldNotFound"},
        {without(event_data(), "recipientAccountId"), "FieldNotFound"},
        {with(event_data(), "eventName", ""), "FieldNotFound"},
        {with(event_data(), "userIdentity", JsonObject{{"type", "x"}}), "FieldNotFound"},
        {with(event_data(), "version", std::string(257, 'v')), "FieldTooLong"},
        {with(event_data(), "eventName", std::string(1025, 'v')), "FieldTooLong"},
        {with(event_data(), "errorCode", std::string(257, 'v')), "FieldTooLong"},
        {with(event_data(), "requestParameters", JsonObject{{"a", std::string(100'000, 'v')}}), "FieldTooLong"},
        {with(event_data(), "additionalEventData", JsonObject{{"a", std::string(28'000, 'v')}}), "FieldTooLong"},
        {with(event_data(), "userIdentity", JsonObject{{"type", std::string(129, 't')}, {"principalId", "x"}}),
         "FieldTooLong"},
        {with(event_data(), "eventName", 5), "InvalidData"},
        {with(event_data(), "requestParameters", "text"), "InvalidData"},
        {with(event_data(), "userIdentity", "text"), "InvalidData"},
        {with(event_data(), "eventTime", "yesterday"), "InvalidData"},
        {with(event_data(), "sourceIPAddress", "999.1.1.1"), "InvalidData"},
        {Json(JsonArray{}), "InvalidData"},
        {with(event_data(), "recipientAccountId", "444455556666"), "InvalidRecipient"},
        {with(event_data(), "eventSource", "ec2.amazonaws.com"), "InvalidEventSource"},
        {event_data(), ""},
        {with(event_data(), "eventTime", "2026-01-02T03:04:05"), ""},
        {with(event_data(), "sourceIPAddress", "2001:db8::1"), ""},
        {with(event_data(), "errorCode", nullptr), ""},
        {with(event_data(), "requestParameters", JsonObject{{"a", JsonObject{}}}), ""},
    };
    int number = 0;
    for (const auto& row : cases) {
        SCOPED_TRACE(to_text(row.data).substr(0, 200));
        EXPECT_EQ(failed_code(put(engine, {entry("id" + std::to_string(++number), row.data)})), row.code);
    }
    const Json not_json = JsonObject{{"id", "x"}, {"eventData", "{"}};
    EXPECT_EQ(failed_code(put(engine, {not_json})), "InvalidData");
}

TEST(PutAuditEvents, WhateverJsonAllowsIsTaken) {
    FakeEngine engine;
    const auto usual = to_text(event_data());
    const auto with_more = [&](const std::string& more) { return usual.substr(0, usual.size() - 1) + more + "}"; };
    const struct {
        std::string data;
        const char* flags;
    } cases[] = {
        {with_more(R"(,"requestParameters":{"half":"\ud800","\udfff":1})"), R"(["loneSurrogate"])"},
        {with_more(R"(,"errorMessage":"\udc00")"), R"(["loneSurrogate"])"},
        {with_more(R"(,"responseElements":{"n":123456789012345678901234567890,"x":1e999})"), R"(["bigNumber"])"},
        {with_more(R"(,"additionalEventData":{"a":1,"a":2})"), ""},
        {with_more(R"(,"eventName":5)"), R"(["duplicateMember"])"},  // the first counts
    };
    int number = 0;
    for (const auto& row : cases) {
        SCOPED_TRACE(row.data);
        const Json sent = JsonObject{{"id", "id" + std::to_string(++number)}, {"eventData", row.data}};
        const auto answer = put(engine, {sent}).json();
        ASSERT_EQ(answer.find("successful")->as_array().size(), 1u) << to_text(answer);
        const auto id = std::string(answer.find("successful")->as_array()[0].text("eventID"));
        const auto found = engine.own("GET", "/v1/events/" + id).json();
        const auto& event = found.find("events")->as_array().at(0);
        EXPECT_TRUE(event.text("record").ends_with("\"eventData\":" + row.data + "}")) << event.text("record");
        EXPECT_EQ(event.find("flags") ? to_text(*event.find("flags")) : "", row.flags);
    }
}

TEST(PutAuditEvents, PoliciesSeeTheExternalId) {
    FakeEngine engine;
    engine.caller("partner").policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudtrail-data:PutAuditEvents","Resource":"*",)"
        R"("Condition":{"StringEquals":{"cloudtrail:ExternalId":"shop/7"}}}]})")};
    const auto put_as = [&](const std::string& external_id) {
        return put(engine, {entry("one", event_data())}, "default" + external_id, "partner").header("x-amzn-ErrorType");
    };
    EXPECT_EQ(put_as("&externalId=shop%2F7"), "");
    EXPECT_EQ(put_as("&externalId=shop%2F8"), "AccessDeniedException");
    EXPECT_EQ(put_as(""), "AccessDeniedException");
    EXPECT_EQ(put(engine, {entry("one", event_data())}, "default&externalId=x").header("x-amzn-ErrorType"),
              "ValidationException");
    EXPECT_EQ(put(engine, {entry("one", event_data())}, "default&externalId=a%20b").header("x-amzn-ErrorType"),
              "ValidationException");
}

TEST(PutAuditEvents, WholeRequestErrors) {
    FakeEngine engine;
    engine.caller("nobody").policies.clear();
    const auto own = default_channel("us-east-1", account), other = default_channel("us-east-1", "444455556666");
    const auto good = JsonArray{entry("one", event_data())};
    JsonArray many;
    for (int i = 0; i < 101; ++i) many.push_back(entry("i" + std::to_string(i), event_data()));
    const struct {
        JsonArray entries;
        std::string channel;
        const char* key;
        const char* code;
        int status;
    } cases[] = {
        {good, "default", "admin", "", 200},
        {good, own.id, "admin", "", 200},
        {good, own.arn(), "admin", "", 200},
        {good, "arn:aws:cloudtrail:us-east-1:111122223333:trail/x", "admin", "InvalidChannelARN", 400},
        {good, "arn:aws:s3:::bucket", "admin", "InvalidChannelARN", 400},
        {good, "nonsense", "admin", "InvalidChannelARN", 400},
        {good, "00000000-0000-4000-8000-000000000000", "admin", "ChannelNotFound", 400},
        {good, "arn:aws:cloudtrail:us-east-1:111122223333:channel/00000000-0000-4000-8000-000000000000", "admin",
         "ChannelNotFound", 400},
        {good, default_channel("eu-west-1", account).arn(), "admin", "ChannelNotFound", 400},
        {good, other.arn(), "admin", "ChannelInsufficientPermission", 400},
        {{good[0], good[0]}, "default", "admin", "DuplicatedAuditEventId", 400},
        {{}, "default", "admin", "ValidationException", 400},
        {many, "default", "admin", "ValidationException", 400},
        {{entry("a b", event_data())}, "default", "admin", "ValidationException", 400},
        {good, "", "admin", "ValidationException", 400},
        {{Json("text")}, "default", "admin", "SerializationException", 400},
        {good, "default", "nobody", "AccessDeniedException", 403},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.channel + " " + row.code);
        const auto answer = put(engine, row.entries, row.channel, row.key);
        EXPECT_EQ(answer.response.status, row.status);
        EXPECT_EQ(answer.header("x-amzn-ErrorType"), row.code);
        EXPECT_EQ(answer.json().text("message").empty(), row.status == 200);
    }
    engine.ingest_failure = fail(Code::exhausted, "full");
    EXPECT_EQ(put(engine, {entry("new", event_data())}).response.status, 503);
}
