#include <future>

#include <fmt/format.h>

#include "fixture.h"

namespace cairn::gateway {
namespace {

using std::chrono::milliseconds;

const std::string get = "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post =
    "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 2\r\n\r\n{}";

int status_of(const std::string& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }

class Calls : public Proxy {
protected:
    void serve_answers(std::string answer = std::string(small_answer)) {
        serve([this, answer](Peer& peer) {
            for (;;) {
                const auto head = peer.read_head();
                if (head.empty()) return;
                ++requests_;
                const auto at = head.find("Content-Length: ");
                if (at != std::string::npos) peer.read_bytes(std::stoul(head.substr(at + 16)));
                peer.send(answer);
            }
        });
    }
    /// The whole answer to one request on a connection of its own.
    std::string ask(const std::string& request) {
        auto one = client();
        one.send(request);
        one.finish();
        return one.read_all();
    }

    std::atomic<int> requests_{0};
};

// ---- modes

TEST_F(Calls, InModeClosedTheAnswerWaitsForItsRecord) {
    serve_answers();
    start();
    recorder_.hold = true;
    auto one = client();
    one.send(get);
    ASSERT_TRUE(recorder_.wait_for(1));
    pollfd wait{one.socket(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 200), 0) << "an answer came before its record";
    recorder_.release();
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(recorder_.call(0).response.status, 200);
    EXPECT_EQ(recorder_.call(0).response.body, "ok");
    EXPECT_TRUE(recorder_.call(0).response_whole);
}

TEST_F(Calls, InModeObserveItDoesNot) {
    serve_answers();
    start({.mode = Mode::observe});
    recorder_.hold = true;
    auto one = client();
    one.send(get);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_TRUE(recorder_.wait_for(1));
    recorder_.release();
}

TEST_F(Calls, AnAnswerWhoseRecordFailsIsWithheld) {
    serve_answers();
    start();
    recorder_.failing = true;
    const auto answer = ask(get);
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("x-cairn-error: spool_full"), std::string::npos);
    EXPECT_NE(answer.find("<Code>ServiceUnavailable</Code>"), std::string::npos);
    EXPECT_EQ(requests_, 1);
}

TEST_F(Calls, WhatCannotBeRecordedIsNotMade) {
    serve_answers();
    recorder_.accepts = false;
    start();
    const auto answer = ask(post);
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find(R"({"__type":"ServiceUnavailableException")"), std::string::npos);
    EXPECT_EQ(requests_, 0);
    recorder_.accepts = true;
    EXPECT_EQ(status_of(ask(post)), 200);
}

TEST_F(Calls, InModeObserveWhatCannotBeRecordedIsMade) {
    serve_answers();
    recorder_.accepts = false;
    recorder_.failing = true;
    start({.mode = Mode::observe});
    EXPECT_EQ(status_of(ask(post)), 200);
}

TEST_F(Calls, AnAnswerThatTricklesIsNotHeldForLong) {
    serve([&](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        peer.read_head();  // never ends it
    });
    start();
    auto one = client();
    one.send(get);
    EXPECT_NE(one.read_until("1\r\na\r\n").find("1\r\na\r\n"), std::string::npos);
}

// ---- what a call is told to the recorder

TEST_F(Calls, ACallHasBothSides) {
    serve_answers("HTTP/1.1 409 Conflict\r\nx-amz-request-id: 7\r\nContent-Length: 3\r\n\r\nbad");
    start();
    ask(post);
    ASSERT_TRUE(recorder_.wait_for(1));
    const auto& call = recorder_.call(0);
    EXPECT_EQ(call.request.method, "POST");
    EXPECT_EQ(call.request.body, "{}");
    EXPECT_TRUE(call.request_whole);
    EXPECT_EQ(call.request.peer_address, "127.0.0.1");
    EXPECT_EQ(call.response.status, 409);
    EXPECT_EQ(call.response.find("X-Amz-Request-Id"), "7");
    EXPECT_EQ(call.response.body, "bad");
    EXPECT_EQ(call.outcome, Outcome::answered);
    EXPECT_EQ(call.upstream, "origin");
    EXPECT_GE(call.ended, call.began);
}

TEST_F(Calls, WhatAnUpstreamDoesNotWaitForIsRecordedAllTheSame) {
    const std::string head =
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 34\r\n\r\n";
    const std::string body = "Action=CreateUser&UserName=ana-long-name";
    for (const auto mode : {Mode::closed, Mode::observe}) {
        for (const bool closes : {true, false}) {
            SCOPED_TRACE(fmt::format("{} {}", name_of(mode), closes));
            const auto before = recorder_.count();
            serve([closes](Peer& peer) {
                peer.read_head();
                peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
                if (!closes) peer.read_bytes(34);
            });
            start({.mode = mode});
            auto one = client();
            one.send(head);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the answer is there before the body is
            one.send(body.substr(0, 34));
            EXPECT_TRUE(one.read_until("\r\n\r\nno").ends_with("no"));
            ASSERT_TRUE(recorder_.wait_for(before + 1));
            EXPECT_EQ(recorder_.call(before).request.body, body.substr(0, 34));
            EXPECT_TRUE(recorder_.call(before).request_whole);
            EXPECT_EQ(recorder_.call(before).classified.event_name, "CreateUser");
            gateway_.reset();
            end_origin();
        }
    }
}

TEST_F(Calls, AnAnswerIsNotHeldWhenTheMemoryForCopiesIsSpent) {
    const std::string begin = std::string(1000, 'a'), end = std::string(1000, 'b');
    std::atomic<bool> more{false};
    serve([&](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + begin);
        while (!more) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        peer.send(end);
    });
    start({.copies_bytes_max = 100});
    auto one = client();
    one.send(get);
    EXPECT_TRUE(one.read_until(begin).ends_with(begin));  // its head is recorded, and it goes on as it comes
    EXPECT_EQ(recorder_.heads().size(), 1u);
    more = true;
    EXPECT_EQ(one.read_bytes(end.size()), end);
    gateway_.reset();
    end_origin();
}

TEST_F(Calls, ABodyThatDoesNotComeIsNotWaitedForForLong) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        peer.ended();
    });
    start();
    auto one = client();
    one.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    EXPECT_TRUE(one.read_until("\r\n\r\nno").ends_with("no"));
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_FALSE(recorder_.call(0).request_whole);
}

TEST_F(Calls, ABodyBeyondTheLimitIsCountedAndNotKept) {
    serve_answers();
    recorder_.copy_bytes = 1;
    start();
    ask(post);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_FALSE(recorder_.call(0).request_whole);
    EXPECT_EQ(recorder_.call(0).request.body, "");
    EXPECT_EQ(recorder_.call(0).request_bytes, 2u);
}

// ---- requests that are refused

TEST_F(Calls, WhatServersCouldReadDifferentlyIsRefused) {
    serve_answers();
    start();
    const struct {
        std::string what, bytes;
        int status;
    } cases[] = {
        {"length and coding",
         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
        {"the same length twice", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
         400},
        {"a list of lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
        {"a signed length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400},
        {"two codings",
         "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"another coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"a coding with a blank", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
        {"a coding with a tab", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 400},
        {"a folded line", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
        {"bare line feeds", "GET / HTTP/1.1\nHost: h\n\n", 400},
        {"one bare line feed", "GET / HTTP/1.1\r\nHost: h\r\nX: a\nY: b\r\n\r\n", 400},
        {"a bare carriage return", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rY: b\r\n\r\n", 400},
        {"a zero byte", std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 35), 400},
        {"no host", "GET / HTTP/1.1\r\nX: a\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"HTTP/2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501},
        {"TLS", "\x16\x03\x01\x02\x00", 400},
        {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(status_of(ask(row.bytes)), row.status);
    }
    EXPECT_EQ(requests_, 0);
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Calls, MalformedChunksEndTheCall) {
    for (const char* body :
         {"x\r\n", "3\nabc\r\n", "3\r\nabcd\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "0\r\n\n", "0x3\r\nabc\r\n"}) {
        SCOPED_TRACE(body);
        serve([](Peer& peer) {
            peer.read_head();
            peer.read_head();
        });
        start();
        EXPECT_EQ(
            status_of(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body))),
            400);
        gateway_.reset();
    }
}

TEST_F(Calls, HeadsHaveLimits) {
    serve_answers();
    start();
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 200; ++i) many += "X: y\r\n";
    const struct {
        std::string what, bytes;
        int status;
    } cases[] = {
        {"a long line", "GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
        {"a line that fits", "GET /" + std::string(16'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 200},
        {"a long head", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(66'000, 'a') + "\r\n\r\n", 431},
        {"a head that fits", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(60'000, 'a') + "\r\n\r\n", 200},
        {"many headers", many + "\r\n", 431},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(status_of(ask(row.bytes)), row.status);
    }
}

// ---- Expect: 100-continue

const std::string expecting = "PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

TEST_F(Calls, TheUpstreamsContinueIsRelayed) {
    serve([](Peer& peer) {
        if (peer.read_head().find("Expect: 100-continue") == std::string::npos) return;
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        peer.read_bytes(4);
        peer.send(small_answer);
        peer.read_head();
    });
    start();
    auto one = client();
    one.send(expecting);
    EXPECT_EQ(one.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    one.send("body");
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(recorder_.call(0).request.body, "body");
}

TEST_F(Calls, ARefusalInPlaceOfContinueIsRelayedAndTheBodyNotAwaited) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        peer.read_head();
    });
    start();
    auto one = client();
    one.send(expecting);
    EXPECT_EQ(one.read_all(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    EXPECT_EQ(recorder_.call(0).response.status, 403);
    EXPECT_FALSE(recorder_.call(0).request_whole);
}

TEST_F(Calls, AnUpstreamThatSaysNothingIsSpokenFor) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.read_bytes(4);
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");  // too late: the gateway has said it
        peer.send(small_answer);
        peer.read_head();
    });
    auto slow = upstream();
    slow.continue_timeout = milliseconds(100);
    start({.upstreams = {slow}});
    auto one = client();
    one.send(expecting);
    EXPECT_EQ(one.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    one.send("body");
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
}

TEST_F(Calls, AnUpstreamThatClosesInPlaceOfContinueIsABadGateway) {
    serve([](Peer& peer) { peer.read_head(); });
    start();
    auto one = client();
    one.send(expecting);
    EXPECT_EQ(status_of(one.read_all()), 502);
}

// ---- faults

TEST_F(Calls, AnUpstreamThatIsDownIsABadGateway) {
    serve_answers();
    const auto gone = upstream();
    origin_.reset();
    start({.upstreams = {gone}});
    const auto answer = ask(get);
    EXPECT_EQ(status_of(answer), 502);
    EXPECT_NE(answer.find("x-cairn-error: upstream_unreachable"), std::string::npos);
    EXPECT_EQ(recorder_.count(), 0u);  // no call was made
}

TEST_F(Calls, AnUpstreamThatResetsIsABadGatewayAndRecorded) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.reset();
    });
    start();
    const auto answer = ask(get);
    EXPECT_EQ(status_of(answer), 502);
    EXPECT_NE(answer.find("x-cairn-error: upstream_reset"), std::string::npos);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::reset);
    EXPECT_EQ(recorder_.call(0).response.status, 0);
}

TEST_F(Calls, AnAnswerCutAtAnyByteIsNeverTakenForAWholeOne) {
    static constexpr std::string_view whole[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-A: b\r\n\r\nhello, world",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello,\r\n6\r\n world\r\n0\r\n\r\n"};
    std::atomic<std::size_t> cut{0};
    std::atomic<int> which{0};
    std::atomic<bool> resets{false};
    serve([&](Peer& peer) {
        peer.read_head();
        peer.send(whole[which].substr(0, cut));
        if (resets) peer.reset();
    });
    for (const auto mode : {Mode::closed, Mode::observe, Mode::intent}) {
        start({.mode = mode});
        for (which = 0; which < 2; ++which) {
            const auto head_size = whole[which].find("\r\n\r\n") + 4;
            for (const bool reset : {false, true}) {
                resets = reset;
                for (cut = 0; cut < whole[which].size(); ++cut) {
                    SCOPED_TRACE(std::to_string(cut) + " of " + std::to_string(which) + (reset ? ", reset" : ""));
                    const auto answer = ask(get);
                    if (cut < head_size || status_of(answer) == 502) {
                        EXPECT_EQ(status_of(answer), 502);
                    } else {
                        EXPECT_TRUE(whole[which].starts_with(answer) && answer.size() < whole[which].size()) << answer;
                    }
                }
            }
        }
        gateway_.reset();
    }
}

TEST_F(Calls, AMalformedAnswerIsABadGateway) {
    for (const char* answer :
         {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
          "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
        SCOPED_TRACE(answer);
        serve([answer](Peer& peer) {
            peer.read_head();
            peer.send(answer);
            peer.read_head();
        });
        start();
        EXPECT_EQ(status_of(ask(get)), 502);
        gateway_.reset();
    }
}

TEST_F(Calls, AnUpstreamThatIsSilentTimesOut) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.read_head();
    });
    auto silent = upstream();
    silent.silence_timeout = milliseconds(200);
    start({.upstreams = {silent}});
    EXPECT_EQ(status_of(ask(get)), 504);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::timed_out);
}

/// The first request of each connection is answered, the second one closes it.
void answer_once(Peer& peer) {
    peer.read_head();
    peer.send(small_answer);
    peer.read_head();
}

TEST_F(Calls, ACallOverAnIdleConnectionThatJustClosedIsMadeAgain) {
    serve(answer_once);
    start({.threads = 1});
    auto one = client();
    for (int i = 0; i < 3; ++i) {
        one.send(get);
        EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    }
    EXPECT_EQ(origin_->connections(), 3);
    EXPECT_EQ(recorder_.count(), 3u);
}

TEST_F(Calls, ButNotOneThatMayHaveHadAnEffect) {
    serve(answer_once);
    start({.threads = 1});
    auto one = client();
    one.send(get);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    one.send("POST / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(status_of(one.read_until("\r\n\r\n")), 502);
}

TEST_F(Calls, OneThatCannotBeMadeAgainMayHaveBeenMadeAndIsRecorded) {
    serve([&](Peer& peer) {
        peer.read_head();
        peer.send(small_answer);
        peer.read_head();
        origin_->stop_listening();
    });
    start({.threads = 1});
    auto one = client();
    one.send(get);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    one.send(get);
    const auto answer = one.read_until("\r\n\r\n");
    EXPECT_EQ(status_of(answer), 502);
    EXPECT_NE(answer.find("x-cairn-error: upstream_unreachable"), std::string::npos);
    ASSERT_EQ(recorder_.count(), 2u);
    EXPECT_EQ(recorder_.call(1).outcome, Outcome::reset);
}

TEST_F(Calls, AConnectionThatClosedWhileIdleIsNotUsed) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.send(small_answer);
    });
    start({.threads = 1});
    auto one = client();
    for (int i = 0; i < 3; ++i) {
        one.send(post);
        EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
        std::this_thread::sleep_for(milliseconds(50));
    }
}

// ---- clients that leave

TEST_F(Calls, AClientThatLeavesInItsBodyLeavesNoRecord) {
    std::promise<bool> ended;
    serve([&](Peer& peer) {
        peer.read_head();
        peer.read_bytes(100);
        ended.set_value(peer.ended());
    });
    start();
    {
        auto one = client();
        one.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
    }
    EXPECT_TRUE(ended.get_future().get());
    EXPECT_EQ(recorder_.count(), 0u);
}

TEST_F(Calls, AClientThatDoesNotWaitForItsAnswerIsRecorded) {
    std::promise<void> left;
    auto gone = left.get_future();
    serve([&](Peer& peer) {
        peer.read_head();
        gone.wait();
        std::this_thread::sleep_for(milliseconds(100));
        peer.send(small_answer);
        peer.read_head();
    });
    start();
    {
        auto one = client();
        one.send(get);
    }
    left.set_value();
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).response.status, 200);
}

TEST_F(Calls, AClientThatLeavesInItsAnswerEndsItUpstream) {
    std::promise<bool> broken;
    serve([&](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        bool sent = true;
        for (int i = 0; i < 1000 && sent; ++i) sent = peer.send(std::string(1'000'000, 'x'));
        broken.set_value(!sent);
    });
    start({.mode = Mode::observe});
    {
        auto one = client();
        one.send(get);
        one.read_bytes(1000);
    }
    EXPECT_TRUE(broken.get_future().get());
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::cut);
    EXPECT_LT(recorder_.call(0).response_bytes, 100'000'000u);
}

TEST_F(Calls, WhatIsLearnedFromIsHandedOnBeforeTheClientHasItsAnswer) {
    serve_answers(std::string(small_answer));
    recorder_.hold = true;
    start({.mode = Mode::observe});
    auto one = client();
    const std::string form = "Action=GetCallerIdentity&Version=2011-06-15";
    one.send(
        "POST / HTTP/1.1\r\nHost: sts.amazonaws.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: " +
        std::to_string(form.size()) + "\r\n\r\n" + form);
    EXPECT_EQ(status_of(one.read_bytes(small_answer.size())), 200);
    ASSERT_EQ(recorder_.count(), 1u);
    EXPECT_EQ(recorder_.call(0).classified.event_name, "GetCallerIdentity");
    EXPECT_EQ(recorder_.call(0).response.body, "ok");
    recorder_.release();
}

TEST_F(Calls, SlowClientsAreNotWaitedForForEver) {
    serve_answers("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + std::string(50'000'000, 'x'));
    auto impatient = listener();
    impatient.head_timeout = impatient.client_timeout = impatient.idle_timeout = milliseconds(200);
    start({.mode = Mode::observe, .listeners = {impatient}});
    auto head = client(), body = client(), reader = client(), silent = client();
    head.send("GET / HT");
    body.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    reader.send(get);
    EXPECT_EQ(status_of(head.read_all()), 408);
    EXPECT_EQ(status_of(body.read_all()), 408);
    EXPECT_TRUE(silent.closed_by_server());
    ASSERT_TRUE(recorder_.wait_for(1));  // of the reader, who took nothing
    EXPECT_EQ(recorder_.call(0).outcome, Outcome::cut);
    EXPECT_LT(reader.read_all().size(), 50'000'000u);
}

// ---- protocols beside HTTP

TEST_F(Calls, AnUpgradedConnectionIsRelayedBothWays) {
    serve([](Peer& peer) {
        const auto head = peer.read_head();
        if (head.find("Upgrade: websocket") == std::string::npos ||
            head.find("Connection: Upgrade") == std::string::npos)
            return;
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
        peer.send(peer.read_bytes(4) + "!");
    });
    start();
    auto one = client();
    one.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_EQ(one.read_until("first"),
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
    one.send("ping");
    EXPECT_EQ(one.read_all(), "ping!");
    EXPECT_EQ(recorder_.count(), 1u);
    EXPECT_EQ(recorder_.call(0).response.status, 101);
}

TEST_F(Calls, ATrustedProxysWordIsTakenOnWhereACallComesFrom) {
    std::string captured;
    serve([&](Peer& peer) {
        captured = peer.read_head();
        peer.send(small_answer);
        peer.read_head();
    });
    auto forwarding = upstream();
    forwarding.forward_client_ip = true;
    const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.7\r\n\r\n";
    start({.upstreams = {forwarding}});
    ask(request);
    EXPECT_EQ(recorder_.call(0).request.peer_address, "127.0.0.1");
    EXPECT_EQ(captured, "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
    gateway_.reset();

    start({.upstreams = {forwarding}, .trusted_proxies = {"127.0.0.0/8"}});
    ask(request);
    EXPECT_EQ(recorder_.call(1).request.peer_address, "198.51.100.7");
    EXPECT_EQ(
        captured,
        "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.7\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
}

TEST_F(Calls, ABalancersHeaderTellsTheClient) {
    serve_answers();
    auto behind = listener();
    behind.proxy_protocol = true;
    start({.listeners = {behind}, .trusted_proxies = {"127.0.0.1"}});
    ask("PROXY TCP4 203.0.113.9 127.0.0.1 5000 80\r\n" + get);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).request.peer_address, "203.0.113.9");
    const std::string version_2("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x0a\x7f\0\0\x01\x13\x88\0\x50", 28);
    ask(version_2 + get);
    ASSERT_TRUE(recorder_.wait_for(2));
    EXPECT_EQ(recorder_.call(1).request.peer_address, "203.0.113.10");
    EXPECT_EQ(ask(get), "");
    EXPECT_EQ(recorder_.count(), 2u);
}

// ---- ways

TEST_F(Calls, RoutesChooseTheUpstream) {
    serve_answers();
    Origin other([](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        peer.read_head();
    });
    auto second = upstream();
    second.name = "other";
    second.url = other.url();
    ListenerOptions by_host;
    by_host.routes = {{"*.s3.local", "", "", "other"},
                      {"iam.local", "", "", "other"},
                      {"", "", "kms", "other"},
                      {"any.local", "", "", "origin"}};
    start({.listeners = {by_host}, .upstreams = {upstream(), second}});
    const std::string kms =
        "Authorization: AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, "
        "Signature=0\r\n";
    const struct {
        std::string host, more;
        int status;
    } cases[] = {{"b.s3.local", "", 201}, {"B.S3.LOCAL:80", "", 201}, {"iam.local", "", 201}, {"any.local", "", 200},
                 {"s3.local", "", 421},   {"any.local", kms, 201},    {"x.local", "", 421}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.host + row.more);
        EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: " + row.host + "\r\n" + row.more + "\r\n")), row.status);
    }
    gateway_.reset();
}

TEST_F(Calls, AGatewayThatStopsDoesNotWaitForHeadsThatDoNotCome) {
    serve([](Peer&) {});
    start();
    auto half = client();
    half.send("GET / HTTP/1.1\r\nHo");
    std::this_thread::sleep_for(milliseconds(50));  // until that was read
    const auto begun = std::chrono::steady_clock::now();
    gateway_->stop(std::chrono::minutes(1));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    EXPECT_EQ(status_of(half.read_all()), 408);
}

TEST_F(Calls, AGatewayThatStopsAnswersWhatRuns) {
    std::promise<void> asked;
    serve([&](Peer& peer) {
        peer.read_head();
        asked.set_value();
        std::this_thread::sleep_for(milliseconds(200));
        peer.send(small_answer);
        peer.read_head();
    });
    start();
    auto one = client();
    one.send(get);
    asked.get_future().wait();
    gateway_->stop(std::chrono::seconds(5));
    EXPECT_NE(one.read_all().find("200 OK"), std::string::npos);
    EXPECT_EQ(recorder_.count(), 1u);
}

}  // namespace
}  // namespace cairn::gateway
