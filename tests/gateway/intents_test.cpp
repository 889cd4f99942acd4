#include <future>

#include "fixture.h"

namespace cairn::gateway {
namespace {

using std::chrono::milliseconds;

const std::string get = "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post =
    "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 2\r\n\r\n{}";
const std::string form = "Action=CreateUser&UserName=ana&Version=2010-05-08";

std::string form_head(std::string more = "") {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
           std::to_string(form.size()) + "\r\n" + more + "\r\n";
}

/// Mode `intent`, unless a test says otherwise.
class Intents : public Proxy {
protected:
    ~Intents() override {
        gateway_.reset();
        end_origin();
    }
    void serve_answers() {
        serve([this](Peer& peer) {
            for (;;) {
                const auto head = peer.read_head();
                if (head.empty()) return;
                ++requests_;
                const auto at = head.find("Content-Length: ");
                if (at != std::string::npos) {
                    const auto size = std::stoul(head.substr(at + 16));
                    std::lock_guard lock(mutex_);
                    bodies_.push_back(peer.read_bytes(size));
                    if (bodies_.back().size() < size) return;
                }
                peer.send(small_answer);
            }
        });
    }
    void begin(Mode mode = Mode::intent) { start({.mode = mode}); }
    std::vector<std::string> bodies() {
        std::lock_guard lock(mutex_);
        return bodies_;
    }
    bool wait_for_intents(std::size_t count) {
        return HeldRecorder::until([&] { return recorder_.intents().size() >= count; });
    }
    bool wait_for_forgotten(std::size_t count) {
        return HeldRecorder::until([&] { return recorder_.forgotten() >= count; });
    }

    std::atomic<int> requests_{0};
    std::mutex mutex_;
    std::vector<std::string> bodies_;
};

// ---- before the call

TEST_F(Intents, NothingGoesUpstreamBeforeItsIntentIsDurable) {
    serve_answers();
    begin();
    recorder_.hold_intents = true;
    auto one = client();
    one.send(post);
    ASSERT_TRUE(wait_for_intents(1));
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_EQ(requests_, 0);
    EXPECT_EQ(origin_->connections(), 0);
    const auto intent = recorder_.intents().at(0);
    EXPECT_EQ(intent.outcome, Outcome::unknown);
    EXPECT_EQ(intent.part, Part::intent);
    EXPECT_EQ(intent.classified.event_name, "PutItem");
    EXPECT_EQ(intent.request.body, "{}");
    EXPECT_TRUE(intent.request_whole);
    EXPECT_EQ(intent.response.status, 0);
    recorder_.release_intents();
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(bodies(), std::vector<std::string>{"{}"});
    EXPECT_TRUE(recorder_.call(0).event_id);
    EXPECT_EQ(recorder_.call(0).part, Part::whole);
    EXPECT_EQ(recorder_.forgotten(), 0u);
}

TEST_F(Intents, ACallWhoseIntentCannotBeKeptIsNotMade) {
    serve_answers();
    begin();
    recorder_.refuses_intents = true;
    auto one = client();
    one.send(post);
    const auto answer = one.read_until("}");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("x-cairn-error: spool_full"), std::string::npos);
    EXPECT_EQ(requests_, 0);
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Intents, AFormIsReadBecauseItSaysWhichCallItIs) {
    serve_answers();
    begin();
    auto one = client();
    one.send(form_head());
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_TRUE(recorder_.intents().empty());
    for (const char c : form) one.send(std::string(1, c));
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(recorder_.intents().at(0).classified.event_name, "CreateUser");
    EXPECT_EQ(bodies(), std::vector<std::string>{form});
}

TEST_F(Intents, AClientThatWaitsToSendItsFormIsToldToGoOn) {
    serve_answers();
    begin();
    auto one = client();
    one.send(form_head("Expect: 100-continue\r\n"));
    EXPECT_EQ(one.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    one.send(form);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
}

TEST_F(Intents, TheBodyOfAnUploadIsNotWaitedFor) {
    serve_answers();
    begin();
    const std::size_t size = 4u << 20;
    auto one = client();
    one.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    ASSERT_TRUE(wait_for_intents(1));
    EXPECT_EQ(recorder_.intents().at(0).classified.event_name, "PutObject");
    one.send(std::string(size, 'x'));
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(bodies().at(0).size(), size);
    EXPECT_EQ(recorder_.call(0).request_bytes, size);
}

TEST_F(Intents, ReadsCanGoWithout) {
    serve_answers();
    start({.mode = Mode::intent, .intent_reads = false});
    auto one = client();
    one.send(get);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_TRUE(recorder_.intents().empty());
    ASSERT_EQ(recorder_.count(), 1u);
    EXPECT_FALSE(recorder_.call(0).event_id);
    one.send(post);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(recorder_.intents().size(), 1u);
}

TEST_F(Intents, OfACallThatWasNotMadeIsForgotten) {
    UpstreamOptions options;
    options.name = "origin";
    options.url = "http://127.0.0.1:1";
    start({.mode = Mode::intent, .upstreams = {options}});
    auto one = client();
    one.send(post);
    EXPECT_TRUE(one.read_until("\r\n").starts_with("HTTP/1.1 502 "));
    EXPECT_TRUE(wait_for_forgotten(1));
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Intents, AnUpstreamThatSaysNothingLeavesARecordUnderTheSameId) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.reset();
    });
    begin();
    auto one = client();
    one.send(post);
    EXPECT_TRUE(one.read_until("\r\n").starts_with("HTTP/1.1 502 "));
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::reset);
    EXPECT_TRUE(recorder_.call(0).event_id);
    EXPECT_EQ(recorder_.forgotten(), 0u);
}

// ---- clients that leave

TEST_F(Intents, AClientThatLeavesBeforeItsIntentIsDurableMakesNoCall) {
    serve_answers();
    begin();
    recorder_.hold_intents = true;
    {
        auto half = client();
        half.send(form_head() + form.substr(0, 10));
    }
    {
        auto whole = client();
        whole.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        ASSERT_TRUE(wait_for_intents(1));
    }
    std::this_thread::sleep_for(milliseconds(100));
    recorder_.release_intents();
    EXPECT_TRUE(wait_for_forgotten(1));
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Intents, AClientThatLeavesInItsBodyLeavesNoIntent) {
    serve_answers();
    begin();
    {
        auto one = client();
        one.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf");
        ASSERT_TRUE(HeldRecorder::until([&] { return requests_ > 0; }));
    }
    EXPECT_TRUE(wait_for_forgotten(1));
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Intents, AClientThatDoesNotWaitForItsAnswerIsRecorded) {
    std::promise<void> left;
    auto gone = left.get_future();
    serve([&](Peer& peer) {
        peer.read_head();
        gone.wait();
        peer.send(small_answer);
        peer.read_head();
    });
    begin();
    {
        auto one = client();
        one.send(get);
        ASSERT_TRUE(wait_for_intents(1));
    }
    left.set_value();
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_TRUE(recorder_.call(0).event_id);
    EXPECT_EQ(recorder_.forgotten(), 0u);
}

// ---- answers that go on for longer than they are held

class Streams : public Intents, public testing::WithParamInterface<Mode> {
protected:
    static constexpr std::size_t size = 8u << 20;

    /// An answer of `size` bytes; of those behind the first 100,000 `later` decides.
    void serve_long(std::function<void(Peer&)> later) {
        serve([later = std::move(later)](Peer& peer) {
            peer.read_head();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
            peer.send(std::string(100'000, 'x'));
            later(peer);
        });
    }
};

TEST_P(Streams, AreReleasedOnceTheirHeadIsDurableAndRecordedAtTheirEnd) {
    std::promise<void> go_on;
    auto more = go_on.get_future();
    serve_long([&](Peer& peer) {
        more.wait();
        peer.send(std::string(size - 100'000, 'x'));
        peer.read_head();
    });
    begin(GetParam());
    recorder_.hold = true;
    auto one = client();
    one.send(get);
    ASSERT_TRUE(HeldRecorder::until([&] { return recorder_.heads().size() == 1; }));
    EXPECT_EQ(recorder_.heads().at(0).part, Part::head);
    EXPECT_EQ(recorder_.heads().at(0).response_bytes, size);
    pollfd wait{one.socket(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 100), 0) << "an answer came before its head was durable";
    recorder_.release();
    one.read_until("\r\n\r\n");
    EXPECT_EQ(one.read_bytes(1000), std::string(1000, 'x'));
    EXPECT_EQ(recorder_.count(), 0u);
    go_on.set_value();
    const std::size_t end = 300'000;
    EXPECT_EQ(one.read_bytes(size - end - 1000), std::string(size - end - 1000, 'x'));
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).part, Part::rest);
    EXPECT_TRUE(recorder_.call(0).event_id);
    EXPECT_EQ(recorder_.call(0).event_id, recorder_.heads().at(0).event_id);
    EXPECT_EQ(recorder_.call(0).response_bytes, size);
    auto rest = std::async(std::launch::async, [&] { return one.read_bytes(end).size(); });
    EXPECT_EQ(rest.wait_for(milliseconds(100)), std::future_status::timeout) << "the end came before its record";
    recorder_.release();
    EXPECT_EQ(rest.get(), end);
}

TEST_P(Streams, WhoseRecordFailsEndAllTheSame) {
    std::promise<void> go_on;
    auto more = go_on.get_future();
    serve_long([&](Peer& peer) {
        more.wait();
        peer.send(std::string(size - 100'000, 'x'));
        peer.read_head();
    });
    begin(GetParam());
    auto one = client();
    one.send(get);
    one.read_until("\r\n\r\n");
    recorder_.failing = true;
    go_on.set_value();
    EXPECT_EQ(one.read_bytes(size), std::string(size, 'x'));
    EXPECT_EQ(metrics_.counter("cairn_gateway_late_records_total", "").value(), 1u);
}

TEST_P(Streams, WhoseHeadCannotBeKeptAreWithheld) {
    serve_long([](Peer& peer) { peer.read_head(); });
    begin(GetParam());
    recorder_.failing = true;
    auto one = client();
    one.send(get);
    EXPECT_TRUE(one.read_until("\r\n").starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_P(Streams, ThatAreCutHaveTheBytesThatCame) {
    for (const bool reset : {false, true}) {
        serve_long([reset](Peer& peer) {
            if (reset) peer.reset();
        });
        begin(GetParam());
        auto one = client();
        one.send(get);
        one.read_all();
        ASSERT_TRUE(recorder_.wait_for(reset ? 2 : 1));
        EXPECT_EQ(recorder_.call(reset).outcome, Outcome::cut);
        EXPECT_LE(recorder_.call(reset).response_bytes, 100'000u);
        gateway_.reset();
    }
}

TEST_P(Streams, OfAClientThatLeavesHaveTheBytesThatWent) {
    std::promise<bool> broken;
    serve_long([&](Peer& peer) {
        bool sent = true;
        for (int i = 0; i < 7 && sent; ++i) {
            std::this_thread::sleep_for(milliseconds(50));
            sent = peer.send(std::string(1'000'000, 'x'));
        }
        broken.set_value(!sent);
    });
    begin(GetParam());
    {
        auto one = client();
        one.send(get);
        one.read_bytes(1000);
    }
    EXPECT_TRUE(broken.get_future().get());
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::cut);
    EXPECT_LT(recorder_.call(0).response_bytes, size);
}

TEST_P(Streams, ThatEndSoonHaveAllOfTheirAnswer) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        std::this_thread::sleep_for(milliseconds(100));
        peer.send("2\r\ncd\r\n0\r\n\r\n");
        peer.read_head();
    });
    begin(GetParam());
    auto one = client();
    one.send(get);
    one.read_until("0\r\n\r\n");
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.heads().size(), 1u);
    EXPECT_EQ(recorder_.call(0).response.body, "abcd");
    EXPECT_TRUE(recorder_.call(0).response_whole);
}

TEST_P(Streams, ThatGoOnAreRecordedAfterFiveSecondsHoweverSlowTheClientIs) {
    serve_long([&](Peer& peer) {
        peer.send(std::string(size - 100'000, 'x'));
        peer.read_head();
    });
    begin(GetParam());
    const auto began = std::chrono::steady_clock::now();
    auto one = client();
    one.send(get);
    one.read_bytes(1000);
    std::this_thread::sleep_for(milliseconds(4'500) - (std::chrono::steady_clock::now() - began));
    EXPECT_EQ(recorder_.count(), 0u);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::answered);
    EXPECT_EQ(recorder_.call(0).response_bytes, size);
}

INSTANTIATE_TEST_SUITE_P(InModes, Streams, testing::Values(Mode::closed, Mode::intent),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace cairn::gateway
