#include <gtest/gtest.h>

#include "api/fake_engine.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

Settings quiet() {
    Settings settings;
    settings.record_calls = false;
    settings.streams_max = 2;
    return settings;
}

FakeEngine::Pending tail(FakeEngine& engine, const std::string& query = {}, net::Headers headers = {}) {
    auto pending =
        engine.begin(FakeEngine::request("GET", "/v1/tail" + query, "", "cairn", "us-east-1", std::move(headers)));
    EXPECT_EQ(pending.wait().response.status, 200);
    pending.wait_for("event: hello\n");
    return pending;
}

}  // namespace

TEST(Tail, ShowsNewEventsThatMatch) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(0), "Wanted"));
    const auto stream = tail(engine, "?q=eventName%3DWanted");
    EXPECT_EQ(stream.wait().header("Content-Type"), "text/event-stream");
    engine.store(record(event_id(1), "Other"));
    engine.store(record(event_id(2), "Wanted"));
    engine.store(record(event_id(3), "Wanted", "2026-01-02T03:04:05Z", "us-east-1", "444455556666"));
    const auto text = stream.wait_for("event: stats");
    EXPECT_NE(text.find("id: 2\nevent: rows\ndata: [{\"number\":2,"), std::string::npos) << text;
    EXPECT_EQ(text.find(event_id(0)), std::string::npos);
    EXPECT_EQ(text.find(event_id(1)), std::string::npos);
    EXPECT_EQ(text.find(event_id(3)), std::string::npos);
}

TEST(Tail, GoesOnBehindTheLastEventTheClientSaw) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 10; ++i) engine.store(record(event_id(i)));
    const auto stream = tail(engine, "", {{"Last-Event-ID", "6"}});
    const auto text = stream.wait_for("id: 9\n");
    EXPECT_EQ(text.find(event_id(6)), std::string::npos);
    EXPECT_NE(text.find(event_id(7)), std::string::npos);
    EXPECT_NE(text.find(event_id(8)), std::string::npos);
}

TEST(Tail, BeginsWithTheNewestWhenAsked) {
    FakeEngine engine(quiet());
    for (int i = 0; i < 10; ++i)
        engine.store(record(event_id(i), "RunInstances", "2026-01-02T03:04:0" + std::to_string(i) + "Z"));
    const auto stream = tail(engine, "?last=2&fields=eventID");
    stream.wait_for(R"([{"eventID":")" + event_id(8) + R"("},{"eventID":")" + event_id(9) + R"("}])");
}

TEST(Tail, LeavesOutWhatIsAboveTheRateAndSaysHowMany) {
    FakeEngine engine(quiet());
    const auto stream = tail(engine, "?rate=3");
    for (int i = 0; i < 10; ++i) engine.store(record(event_id(i)));
    EXPECT_NE(stream.wait_for("event: stats").find(R"("skipped":7)"), std::string::npos);
}

TEST(Tail, WaitsForAReaderThatHasEnoughToRead) {
    FakeEngine engine(quiet());
    const auto slow = tail(engine, "?rate=0&fields=eventID,record"), quick = tail(engine, "?rate=0&fields=eventID");
    slow.stop_reading();
    constexpr int events = 3000;
    const std::string agent(1000, 'x');
    for (int i = 0; i < events; ++i)
        engine.store(
            R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"n","awsRegion":"us-east-1","recipientAccountId":"111122223333",)"
            R"("eventID":")" +
            event_id(i) + R"(","userAgent":")" + agent + "\"}");
    quick.wait_for(event_id(events - 1));  // it is held up by nobody
    const auto waiting = slow.go_on_reading();
    EXPECT_GT(waiting.size(), std::size_t{1} << 20);
    EXPECT_LT(waiting.size(), std::size_t{2} << 20);
    const auto text = slow.wait_for(event_id(events - 1));
    std::size_t at = 0;
    for (int i = 0; i < events; ++i) {
        at = text.find("{\"eventID\":\"" + event_id(i) + '"', at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_EQ(text.find("event: gap"), std::string::npos);
}

TEST(Tail, EndsWhenTheServerDoesAndRefusesTooMany) {
    FakeEngine engine(quiet());
    const auto one = tail(engine), two = tail(engine);
    EXPECT_EQ(engine.own("GET", "/v1/tail").response.status, 429);
    EXPECT_EQ(engine.own("GET", "/v1/tail?q=nonsense%3D1").response.status, 400);
    EXPECT_EQ(engine.own("GET", "/v1/tail?nonsense=1").response.status, 400);
    engine.api->end_streams();
    EXPECT_NE(one.wait_for("event: end").find(R"("reason":"shutdown")"), std::string::npos);
    two.wait_for("event: end");
    EXPECT_EQ(engine.own("GET", "/v1/tail").response.status, 429);
}

TEST(Tail, ForgetsClientsThatHangUp) {
    FakeEngine engine(quiet());
    const auto one = tail(engine), two = tail(engine);
    one.hang_up();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (engine.metrics.render().find("cairn_api_streams 1") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    tail(engine);
}

TEST(Wait, AnswersAtOnceWhenTheEventIsThere) {
    FakeEngine engine(quiet());
    engine.store(record(event_id(1), "Wanted", "2026-01-02T03:58:00Z"));
    const auto json = engine.own("GET", "/v1/wait?q=eventName%3DWanted&timeout=300").json();
    EXPECT_TRUE(json.find("matched")->as_bool());
    EXPECT_EQ(json.find("event")->text("eventID"), event_id(1));
    const auto with_record =
        engine.own("POST", "/v1/wait", R"({"q":"eventName=Wanted","timeout":"300s","fields":["record"]})").json();
    EXPECT_EQ(with_record.find("event")->text("record"), record(event_id(1), "Wanted", "2026-01-02T03:58:00Z"));
}

TEST(Wait, AnswersAsSoonAsTheEventIsVisible) {
    FakeEngine engine(quiet());
    const auto waiting = engine.begin(FakeEngine::request("POST", "/v1/wait", R"({"q":"eventName=Wanted"})", "cairn"));
    engine.store(record(event_id(1), "Other", "2026-01-02T04:00:00Z"));
    engine.store(record(event_id(2), "Wanted", "2026-01-01T00:00:00Z"));  // before `since`
    engine.store(record(event_id(3), "Wanted", "2026-01-02T04:00:00Z"));
    EXPECT_EQ(waiting.wait().json().find("event")->text("eventID"), event_id(3));
}

TEST(Wait, SaysWhenTheTimeIsOverOrTheServerEnds) {
    FakeEngine engine(quiet());
    const auto over = engine.own("POST", "/v1/wait", R"({"q":"eventName=Wanted","timeout":0})");
    EXPECT_EQ(over.response.status, 200);
    EXPECT_FALSE(over.json().find("matched")->as_bool());
    EXPECT_EQ(engine.own("POST", "/v1/wait", R"({"timeout":301})").response.status, 400);
    const auto waiting =
        engine.begin(FakeEngine::request("POST", "/v1/wait", R"({"q":"eventName=Wanted","timeout":300})", "cairn"));
    engine.api->end_streams();
    const auto ended = waiting.wait();
    EXPECT_TRUE(ended.response.status == 429 || !ended.json().find("matched")->as_bool());
}
