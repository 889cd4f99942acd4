#include <gtest/gtest.h>

#include "api/fake_engine.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

Settings quiet() {
    Settings settings;
    settings.record_calls = false;
    return settings;
}

std::string error_code(const Answer& answer) {
    const auto json = answer.json();
    const auto* error = json.find("error");
    return error ? std::string(error->text("code")) : "";
}

}  // namespace

TEST(Search, AnswersSummariesInOrderAndPages) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 5; ++i)
        engine.store(record(event_id(i), i % 2 ? "Odd" : "Even", "2026-01-02T03:04:0" + std::to_string(i) + "Z"));
    const auto first = engine.own("POST", "/v1/search", R"({"q":"eventName=Even","limit":2})").json();
    ASSERT_EQ(first.find("events")->as_array().size(), 2u);
    const auto& newest = first.find("events")->as_array()[0];
    EXPECT_EQ(newest.text("eventID"), event_id(4));
    EXPECT_EQ(newest.text("eventTime"), "2026-01-02T03:04:04Z");
    EXPECT_EQ(newest.text("user"), "ana");
    EXPECT_EQ(newest.text("sourceIP"), "192.0.2.7");
    EXPECT_EQ(newest.find("readOnly")->as_bool(), false);
    EXPECT_EQ(newest.find("number")->as_integer(), 4);
    EXPECT_EQ(newest.find("record"), nullptr);
    const auto rest =
        engine
            .own("POST", "/v1/search",
                 R"({"q":"eventName=Even","limit":2,"cursor":")" + std::string(first.text("cursor")) + R"("})")
            .json();
    ASSERT_EQ(rest.find("events")->as_array().size(), 1u);
    EXPECT_EQ(rest.find("cursor"), nullptr);
    const auto oldest =
        engine.own("POST", "/v1/search", R"({"order":"asc","fields":["eventID","record"],"total":true})").json();
    EXPECT_EQ(oldest.find("events")->as_array()[0].as_object().size(), 2u);
    EXPECT_EQ(oldest.find("events")->as_array()[0].text("record"), record(event_id(0), "Even", "2026-01-02T03:04:00Z"));
    EXPECT_EQ(to_text(*oldest.find("total")), R"({"value":5,"relation":"exact"})");
}

TEST(Search, KnowsOnlyWhatWasThereUntil) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 5; ++i) engine.store(record(event_id(i)));
    const auto found = engine.own("POST", "/v1/search", R"({"until":3,"total":true})").json();
    EXPECT_EQ(found.find("events")->as_array().size(), 3u);
    EXPECT_EQ(to_text(*found.find("total")), R"({"value":3,"relation":"exact"})");
    EXPECT_EQ(engine.own("POST", "/v1/count", R"({"until":2})").json().find("value")->as_integer(), 2);
    EXPECT_EQ(engine.own("POST", "/v1/count", R"({"until":0})").json().find("value")->as_integer(), 0);
    EXPECT_EQ(engine.own("POST", "/v1/values", R"({"until":4,"field":"user"})").json().find("total")->as_integer(), 4);
}

TEST(Search, SaysWhatWasReadForIt) {
    FakeEngine engine(quiet());
    const auto found = engine.own("POST", "/v1/search", "{}").json();
    EXPECT_EQ(to_text(*found.find("scanned")), R"({"events":0,"bytes":0})");
}

TEST(Search, EveryAnswerSaysHowLongItTook) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1)));
    const struct {
        const char* method;
        std::string path;
        const char* body;
        int status;
    } cases[] = {{"POST", "/v1/search", "{}", 200},
                 {"POST", "/v1/search", R"({"q":"nonsense="})", 400},
                 {"POST", "/v1/values", R"({"field":"user"})", 200},
                 {"POST", "/v1/count", "{}", 200},
                 {"GET", "/v1/events/" + event_id(1), "", 200},
                 {"GET", "/v1/wait?since=3000d", "", 200},
                 {"GET", "/v1/search", "", 405},
                 {"GET", "/v1/nowhere", "", 404}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.path);
        const auto answer = engine.own(row.method, row.path, row.body);
        EXPECT_EQ(answer.response.status, row.status) << answer.response.body;
        const auto timing = answer.header("Server-Timing");
        EXPECT_TRUE(timing.starts_with("total;dur=")) << timing;
        EXPECT_GE(std::stod(std::string(timing.substr(10))), 0);
    }
}

TEST(Search, TakesTimesAsTheyAreWritten) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1), "RunInstances", "2026-01-02T03:04:05Z"));
    for (const auto* from :
         {R"("2026-01-02T03:04:05Z")", R"("2026-01-02 03:04")", R"("20260102T040405+0100")", R"("2026-01-02")",
          "1767323045", "1767323045.0", R"("1767323045")", R"("1767323045000")"}) {
        SCOPED_TRACE(from);
        const auto answer = engine.own("POST", "/v1/count", std::string(R"({"from":)") + from + "}");
        ASSERT_EQ(answer.response.status, 200) << answer.response.body;
        EXPECT_EQ(answer.json().find("value")->as_integer(), 1);
    }
}

TEST(Search, WrongRequestsNameWhatIsWrong) {
    FakeEngine engine(quiet());
    const struct {
        const char* path;
        const char* body;
        const char* code;
        const char* field;
    } cases[] = {
        {"search", R"({"eventname":"x"})", "InvalidParameter", "eventname"},
        {"search", R"({"q":"nonsense=1"})", "InvalidQuery", "nonsense"},
        {"search", R"({"q":7})", "InvalidParameter", "q"},
        {"search", R"({"limit":1001})", "InvalidParameter", "limit"},
        {"search", R"({"limit":0})", "InvalidParameter", "limit"},
        {"search", R"({"order":"up"})", "InvalidParameter", "order"},
        {"search", R"({"region":[]})", "InvalidParameter", "region"},
        {"count", R"({"acct":","})", "InvalidParameter", "acct"},
        {"search", R"({"fields":["eventID","secret"]})", "InvalidParameter", "fields"},
        {"search", R"({"from":"yesterday"})", "InvalidParameter", "from"},
        {"search", R"({"from":10,"to":5})", "InvalidParameter", "from"},
        {"search", R"({"from":[1]})", "InvalidParameter", "from"},
        {"search", R"({"total":[]})", "InvalidParameter", "total"},
        {"search", R"({"until":-1})", "InvalidParameter", "until"},
        {"search", R"({"cursor":"x"})", "InvalidCursor", "cursor"},
        {"search", R"([])", "InvalidParameter", ""},
        {"search", R"({)", "InvalidBody", ""},
        {"values", R"({"field":"nonsense"})", "InvalidParameter", "field"},
        {"values", R"({"field":"user","limit":1})", "InvalidParameter", "limit"},
        {"count", R"({"atMost":0})", "InvalidParameter", "atMost"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.body);
        const auto answer = engine.own("POST", std::string("/v1/") + row.path, row.body);
        EXPECT_EQ(answer.response.status, 400);
        EXPECT_EQ(error_code(answer), row.code);
        const auto json = answer.json();
        EXPECT_EQ(json.find("error")->text("field"), row.field);
        EXPECT_FALSE(json.find("error")->text("message").empty());
    }
}

TEST(Search, ReadersSeeNoMoreThanTheirPolicyAllows) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1)));
    engine.store(record(event_id(2), "RunInstances", "2026-01-02T03:04:05Z", "eu-west-1"));
    engine.store(record(event_id(3), "RunInstances", "2026-01-02T03:04:05Z", "us-east-1", "444455556666"));
    auto& reader = engine.caller("reader");
    reader.policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cairn:*","Resource":"*","Condition":{"StringEquals":{"cairn:region":"eu-west-1"}}}]})")};
    engine.caller("nobody").policies.clear();
    const auto as = [&](const char* key, const char* method, const std::string& target, const std::string& body) {
        return engine.call(FakeEngine::request(method, target, body, "cairn", "us-east-1", {{"X-Test-Key", key}}));
    };
    EXPECT_EQ(as("admin", "POST", "/v1/search", "{}").json().find("events")->as_array().size(), 2u);
    EXPECT_EQ(as("reader", "POST", "/v1/search", "{}").json().find("events")->as_array().size(), 1u);
    EXPECT_EQ(as("reader", "POST", "/v1/search", R"({"region":"us-east-1"})").json().find("events")->as_array().size(),
              0u);
    EXPECT_EQ(as("reader", "POST", "/v1/count", "{}").json().find("value")->as_integer(), 1);
    EXPECT_EQ(as("reader", "POST", "/v1/values", R"({"field":"region"})").json().find("values")->as_array().size(), 1u);
    EXPECT_EQ(as("reader", "GET", "/v1/events/" + event_id(2), "").response.status, 200);
    EXPECT_EQ(as("reader", "GET", "/v1/events/" + event_id(1), "").response.status, 404);
    for (const auto* path : {"/v1/search", "/v1/count"})
        EXPECT_EQ(as("nobody", "POST", path, "{}").response.status, 403) << path;
    EXPECT_EQ(as("nobody", "GET", "/v1/events/" + event_id(1), "").response.status, 403);
    EXPECT_EQ(as("nobody", "GET", "/v1/tail", "").response.status, 403);
    EXPECT_EQ(as("nobody", "GET", "/v1/wait?timeout=0", "").response.status, 403);
    EXPECT_EQ(as("nobody", "POST", "/ingest", record(event_id(9))).response.status, 403);
}

TEST(Search, OneEventComesWithItsBytesAndItsEnvelope) {
    FakeEngine engine(quiet());
    engine.own("POST", "/ingest?inlet=import", record(event_id(1)));
    const auto json = engine.own("GET", "/v1/events/" + event_id(1)).json();
    const auto& event = json.find("events")->as_array().at(0);
    EXPECT_EQ(event.text("record"), record(event_id(1)));
    EXPECT_EQ(event.find("summary")->text("eventName"), "RunInstances");
    EXPECT_EQ(event.find("envelope")->text("inlet"), "import");
    EXPECT_EQ(event.find("envelope")->text("writer"), "arn:aws:iam::111122223333:user/admin");
    EXPECT_EQ(error_code(engine.own("GET", "/v1/events/" + event_id(2))), "NotFound");
    EXPECT_EQ(error_code(engine.own("GET", "/v1/events/a%22%20or%20x")), "NotFound");  // an id, not a search
    EXPECT_EQ(error_code(engine.own("GET", "/v1/events/%zz")), "InvalidParameter");
}

TEST(Search, AnIdMayBeAnyText) {
    FakeEngine engine(quiet());
    engine.store(record(R"(a \"b\" c\\d/e?f\u00e9\n)"));
    const auto answer = engine.own("GET", "/v1/events/a%20%22b%22%20c%5Cd%2Fe%3Ff%C3%A9%0A");
    ASSERT_EQ(answer.response.status, 200) << answer.response.body;
    EXPECT_EQ(answer.json().find("events")->as_array().at(0).find("summary")->text("eventID"),
              "a \"b\" c\\d/e?f\u00e9\n");
    EXPECT_EQ(engine.own("GET", "/v1/events/" + std::string(257, 'x')).response.status, 400);
    EXPECT_EQ(engine.own("GET", "/v1/events/%22").response.status, 404);
}

TEST(Search, AllRecordsOfAnIdAreShownAsFarAsTheyGo) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 101; ++i) engine.store(record(event_id(1), "Name" + std::to_string(i)));
    for (int i = 0; i < 12; ++i) engine.store(record(event_id(2), "Name" + std::to_string(i)));
    const auto many = engine.own("GET", "/v1/events/" + event_id(1)).json();
    EXPECT_EQ(many.find("events")->as_array().size(), 100u);
    EXPECT_TRUE(many.find("partial")->as_bool());
    const auto few = engine.own("GET", "/v1/events/" + event_id(2)).json();
    EXPECT_EQ(few.find("events")->as_array().size(), 12u);
    EXPECT_FALSE(few.find("partial")->as_bool());
}

TEST(Search, WhatIsOddAboutARecordIsFlagged) {
    FakeEngine engine(quiet());
    const auto odd =
        R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"Odd","eventName":"x","awsRegion":"us-east-1",)"
        R"("recipientAccountId":"111122223333","requestParameters":{"n":123456789012345678901234567890,"t":"\ud800"}})";
    engine.store(odd);
    const auto found = engine.own("POST", "/v1/search", R"({"q":"eventName=Odd"})").json();
    const auto id = std::string(found.find("events")->as_array().at(0).text("eventID"));
    const auto json = engine.own("GET", "/v1/events/" + id).json();
    const auto& event = json.find("events")->as_array().at(0);
    EXPECT_EQ(to_text(*event.find("flags")), R"(["noEventID","duplicateMember","bigNumber","loneSurrogate"])");
    EXPECT_EQ(event.text("record"), odd);
    engine.store(record(event_id(1)));
    const auto plain = engine.own("GET", "/v1/events/" + event_id(1)).json();
    EXPECT_EQ(plain.find("events")->as_array().at(0).find("flags"), nullptr);
}

TEST(Ingest, CountsAddUpAndProblemsAreNamed) {
    FakeEngine engine(quiet());
    const auto other = record(event_id(1), "Other");
    const auto body = record(event_id(1)) + "\n" + record(event_id(1)) + "\n" + other +
                      "\n{\"eventID\":1}\nnot json\n" + record(event_id(2)) + "\n";
    const auto answer = engine.own("POST", "/ingest", body);
    ASSERT_EQ(answer.response.status, 200) << answer.response.body;
    const auto json = answer.json();
    const auto number = [&](const char* name) { return json.find(name)->as_integer(); };
    EXPECT_EQ(number("read"), 6);
    EXPECT_EQ(number("stored"), 2);
    EXPECT_EQ(number("duplicate"), 1);
    EXPECT_EQ(number("conflict"), 1);
    EXPECT_EQ(number("rejected"), 2);
    const auto& results = json.find("results")->as_array();
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0].text("outcome"), "conflict");
    EXPECT_EQ(results[0].find("index")->as_integer(), 2);
    EXPECT_EQ(results[0].find("line")->as_integer(), 3);
    EXPECT_EQ(results[0].text("eventID"), event_id(1));
    EXPECT_EQ(results[1].text("outcome"), "rejected");
    EXPECT_FALSE(results[1].text("reason").empty());
    EXPECT_EQ(results[2].find("line")->as_integer(), 5);
    const auto all = engine.own("POST", "/ingest?results=all", body).json();
    EXPECT_EQ(all.find("results")->as_array().size(), 6u);
}

TEST(Ingest, TakesEveryContainer) {
    FakeEngine engine(quiet());
    const struct {
        std::string body;
        int read;
    } cases[] = {
        {R"({"Records":[)" + record(event_id(1)) + "," + record(event_id(2)) + "]}", 2},
        {"[" + record(event_id(3)) + "," + record(event_id(4)) + "]", 2},
        {record(event_id(5)), 1},
        {R"({"Events":[{"EventId":"x","CloudTrailEvent":)" + to_text(Json(record(event_id(6)))) + "}]}", 1},
    };
    for (const auto& row : cases) {
        const auto answer = engine.own("POST", "/ingest", row.body);
        ASSERT_EQ(answer.response.status, 200) << answer.response.body;
        EXPECT_EQ(answer.json().find("stored")->as_integer(), row.read)
            << row.body.substr(0, 40) << answer.response.body;
    }
    EXPECT_EQ(engine.history.covered(), 6u);
}

TEST(Ingest, RefusesWhatItCanNotTake) {
    FakeEngine engine(quiet());
    EXPECT_EQ(engine.own("GET", "/ingest").response.status, 405);
    EXPECT_EQ(error_code(engine.own("POST", "/ingest?results=some", record(event_id(1)))), "InvalidParameter");
    EXPECT_EQ(error_code(engine.own("POST", "/ingest?resluts=all", record(event_id(1)))), "InvalidParameter");
    auto encoded = FakeEngine::request("POST", "/ingest", "x", "cairn", "us-east-1", {{"Content-Encoding", "br"}});
    EXPECT_EQ(engine.call(std::move(encoded)).response.status, 415);
    auto broken = FakeEngine::request("POST", "/ingest", "\x1f\x8b no gzip", "cairn", "us-east-1",
                                      {{"Content-Encoding", "gzip"}});
    EXPECT_EQ(error_code(engine.call(std::move(broken))), "InvalidBody");
    engine.ingest_failure = fail(Code::exhausted, "the disk budget is spent");
    const auto full = engine.own("POST", "/ingest", record(event_id(1)));
    EXPECT_EQ(full.response.status, 429);
    EXPECT_FALSE(full.header("Retry-After").empty());
    engine.ingest_failure = fail(Code::unavailable, "closed");
    EXPECT_EQ(engine.own("POST", "/ingest", record(event_id(1))).response.status, 503);
    EXPECT_EQ(engine.history.covered(), 0u);
}

TEST(Ingest, WritersWriteTheAccountsOfTheirPolicy) {
    FakeEngine engine(quiet());
    engine.caller("writer").policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cairn:Ingest","Resource":"*"}]})")};
    const auto body = record(event_id(1)) + "\n" +
                      record(event_id(2), "RunInstances", "2026-01-02T03:04:05Z", "us-east-1", "444455556666");
    const auto json =
        engine.call(FakeEngine::request("POST", "/ingest", body, "cairn", "us-east-1", {{"X-Test-Key", "writer"}}))
            .json();
    EXPECT_EQ(json.find("stored")->as_integer(), 1);
    EXPECT_EQ(json.find("rejected")->as_integer(), 1);
}
