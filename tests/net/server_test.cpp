#include "net/http_server.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "client.h"
#include "net/answer_burst.h"

namespace cairn::net {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t body_bytes_max = 1 << 20;

/// Answers with what it received: "METHOD target body".
void echo(Request request, std::unique_ptr<Responder> responder) {
    responder->send(
        {200, {{"X-Peer", request.peer_address}}, request.method + " " + request.target + " " + request.body});
}

struct Running {
    Metrics metrics;
    std::unique_ptr<HttpServer> server;

    explicit Running(
        Handler handler = echo, ServerOptions options = {},
        BodyLimit limit = [](const Request&) { return body_bytes_max; }) {
        auto started = HttpServer::start(std::move(options), std::move(handler), std::move(limit), metrics);
        EXPECT_TRUE(started) << started.error().message;
        server = std::move(*started);
    }

    RawClient connect() const { return RawClient(server->port()); }
};

std::string post(std::string_view body, std::string_view more = "") {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

TEST(HttpServer, AnswersAndStaysOpen) {
    Running running;
    auto client = running.connect();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send("GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n"));
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "GET /a?b ");
        EXPECT_NE(answer.head.find("X-Peer: 127.0.0.1\r\n"), std::string::npos);
        EXPECT_NE(answer.head.find("Date: "), std::string::npos);
        EXPECT_EQ(answer.head.find("Connection:"), std::string::npos);
    }
    const auto rendered = running.metrics.render();
    EXPECT_NE(rendered.find("cairn_http_requests_total{code=\"2xx\"} 3"), std::string::npos) << rendered;
    EXPECT_NE(rendered.find("cairn_http_connections{listener=\"127.0.0.1:" + std::to_string(running.server->port()) +
                            "\"} 1"),
              std::string::npos);
}

TEST(HttpServer, BodyHasSpareBytes) {
    Running running([](Request request, std::unique_ptr<Responder> responder) {
        responder->send({200, {}, request.body.capacity() >= request.body.size() + 64 ? "spare" : "tight"});
    });
    auto client = running.connect();
    for (const std::size_t size : {0u, 1u, 100u, 20'000u, 300'000u}) {
        client.send(post(std::string(size, 'x')));
        EXPECT_EQ(client.read_answer().body, "spare") << size;
    }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, "spare");
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    std::mutex mutex;
    std::vector<std::thread> threads;
    Running running([&](Request request, std::unique_ptr<Responder> responder) {
        if (request.target.back() % 2 == 0) return echo(std::move(request), std::move(responder));
        std::lock_guard lock(mutex);
        threads.emplace_back([request = std::move(request), responder = std::move(responder)]() mutable {
            echo(std::move(request), std::move(responder));
        });
    });
    auto client = running.connect();
    std::string all;
    for (int i = 0; i < 200; ++i)
        all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n";
    client.send(all);  // the empty lines between them are to be skipped
    for (int i = 0; i < 200; ++i) ASSERT_EQ(client.read_answer().body, "POST /" + std::to_string(i) + " hi");
    std::lock_guard lock(mutex);
    for (auto& thread : threads) thread.join();
}

TEST(HttpServer, SplitsDoNotMatter) {
    Running running;
    const std::string requests[] = {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", post("hello"), post(std::string(40'000, 'b')),
                                    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                    "chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"};
    const std::string answers[] = {"GET /1 ", "POST /p hello", "POST /p " + std::string(40'000, 'b'), "POST /c hello!"};
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto client = running.connect();
    for (int round = 0; round < 30; ++round) {
        std::string bytes;
        std::vector<std::size_t> order;
        for (int i = 0; i < 4; ++i) {
            order.push_back(random() % 4);
            bytes += requests[order.back()];
        }
        std::thread reader([&] {
            for (const auto which : order) EXPECT_EQ(client.read_answer().body, answers[which]);
        });
        for (std::string_view rest = bytes; !rest.empty();) {
            const auto size = std::min<std::size_t>(rest.size(), 1 + random() % (random() % 4 == 0 ? 20'000 : 40));
            client.send(rest.substr(0, size));
            rest.remove_prefix(size);
        }
        reader.join();
    }
}

TEST(HttpServer, ChunkedBodies) {
    Running running;
    auto client = running.connect();
    std::string big = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", body;
    for (int i = 0; i < 20; ++i) {
        const std::string part(30'000, static_cast<char>('a' + i));
        big += "7530\r\n" + part + "\r\n";
        body += part;
    }
    client.send(big + "0\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, "POST / " + body);

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    EXPECT_EQ(client.read_answer().status, 400);
    EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, ExpectContinue) {
    Running running;
    auto client = running.connect();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(client.read_answer().body, "PUT / hello");

    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");  // did not wait
    const auto first = client.read_answer();
    EXPECT_EQ(first.status == 100 ? client.read_answer().body : first.body, "PUT / hello");

    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 413);
    EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, AnAnswerToHeadSaysHowLongTheBodyWouldBe) {
    Running running([](Request, std::unique_ptr<Responder> responder) {
        responder->send({.status = 200, .headers = {}, .body = {}, .content_length = 5'000'000'000});
    });
    auto client = running.connect();
    ASSERT_TRUE(client.send("HEAD /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    EXPECT_NE(client.read_all().find("Content-Length: 5000000000\r\n"), std::string::npos);
}

TEST(HttpServer, HeadHasNoBody) {
    Running running;
    auto client = running.connect();
    client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.read_answer(false);
    EXPECT_NE(answer.head.find("Content-Length: 10\r\n"), std::string::npos);
    EXPECT_EQ(client.read_answer().body, "GET / ");
}

TEST(HttpServer, StatusWithoutBody) {
    Running running([](Request, std::unique_ptr<Responder> responder) { responder->send({204, {}, "ignored"}); });
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto all = client.read_all();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 204 No Content\r\n"));
    EXPECT_EQ(all.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

TEST(HttpServer, ConnectionCloseAndHttp10) {
    Running running;
    auto first = running.connect();
    first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(first.read_answer().head.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(first.closed_by_server());
    auto second = running.connect();
    second.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(second.read_answer().body, "GET / ");
    EXPECT_TRUE(second.closed_by_server());
    auto third = running.connect();
    third.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
    EXPECT_NE(third.read_answer().head.find("Connection: keep-alive\r\n"), std::string::npos);
    EXPECT_EQ(third.read_answer().body, "GET /2 ");
}

TEST(HttpServer, HandlerMayAskToClose) {
    Running running([](Request, std::unique_ptr<Responder> responder) {
        responder->send({200, {{"Connection", "close"}}, "bye"});
    });
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, "bye");
    EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, HeaderValuesCannotSplitTheAnswer) {
    Running running([](Request, std::unique_ptr<Responder> responder) {
        responder->send({200, {{"X", "a\r\nSet-Cookie: b"}}, ""});
    });
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(client.read_answer().head.find("X: a  Set-Cookie: b\r\n"), std::string::npos);
}

TEST(HttpServer, BrokenRequestsAreRefusedAndClosed) {
    Running running;
    const std::string long_head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x');
    const struct {
        std::string bytes;
        int status;
    } cases[] = {
        {"rubbish\r\n\r\n", 400},
        {"\x16\x03\x01\x02", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil "
         "HTTP/1.1\r\nHost: a\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 2\r\n\r\nab", 417},
        {long_head, 431},
        {long_head + "\r\n\r\n", 431},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.bytes.substr(0, 120));
        auto client = running.connect();
        client.send(row.bytes);
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, row.status);
        EXPECT_NE(answer.head.find("Connection: close\r\n"), std::string::npos);
        EXPECT_TRUE(client.closed_by_server());
    }
}

TEST(HttpServer, RefusalsAreWordedByTheOwner) {
    ServerOptions options;
    options.refusal = [](const Request& head, int status, std::string_view text) {
        return Response{status, {{"X-Refused", "yes"}}, head.method + " " + head.target + ": " + std::string(text)};
    };
    Running running(echo, options);
    const struct {
        std::string bytes, body;
    } cases[] = {
        {"POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", "POST /long: the body is too large"},
        {"POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
         "POST /cut: malformed chunked body"},
        {"GET /no HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
         " : Host given twice"},  // nothing of a head that was not understood
    };
    for (const auto& row : cases) {
        auto client = running.connect();
        client.send(row.bytes);
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.body, row.body);
        EXPECT_NE(answer.head.find("X-Refused: yes\r\n"), std::string::npos);
        EXPECT_TRUE(client.closed_by_server());
    }
    auto client = running.connect();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    EXPECT_EQ(client.read_answer(false).status, 413);
    EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, AnOversizeBodyIsRefusedBeforeItIsRead) {
    Running running;
    auto client = running.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    EXPECT_TRUE(client.send(std::string(8 << 20, 'x')));  // the client is still sending: the answer must not be lost
    EXPECT_EQ(client.read_answer().status, 413);
}

TEST(HttpServer, HalfRequests) {
    Running running;
    for (const char* bytes :
         {"", "G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"}) {
        SCOPED_TRACE(bytes);
        auto client = running.connect();
        client.send(bytes);
        client.finish();
        const auto all = client.read_all();
        EXPECT_TRUE(all.empty() || all.starts_with("HTTP/1.1 400")) << all;
    }
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.finish();  // half closed after a whole request: still answered
    EXPECT_EQ(client.read_answer().body, "GET / ");
}

TEST(HttpServer, SlowClientsAreCutOff) {
    ServerOptions options;
    options.head_timeout = options.body_timeout = options.idle_timeout = milliseconds(40);
    Running running(echo, options);
    auto silent = running.connect(), head = running.connect(), body = running.connect(), chunk = running.connect();
    head.send("GET / HTTP/1.1\r\nHo");
    body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    chunk.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    EXPECT_TRUE(silent.closed_by_server());
    EXPECT_EQ(head.read_answer().status, 408);
    EXPECT_EQ(body.read_answer().status, 408);
    EXPECT_EQ(chunk.read_answer().status, 408);
    EXPECT_TRUE(head.closed_by_server());
}

TEST(HttpServer, ASlowReaderIsCutOff) {
    ServerOptions options;
    options.body_timeout = milliseconds(40);
    std::atomic<int> calls = 0;
    Running running(
        [&](Request, std::unique_ptr<Responder> responder) {
            calls = 1;
            calls.notify_all();
            responder->send({200, {}, std::string(64 << 20, 'x')});
        },
        options);
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    calls.wait(0);
    running.server->stop(milliseconds(10'000));  // ends as soon as the writing has been given up
    EXPECT_LT(client.read_all().size(), std::size_t{64} << 20);
}

TEST(HttpServer, LargeAnswersArriveWhole) {
    const std::string large(20 << 20, 'y');
    Running running([&](Request, std::unique_ptr<Responder> responder) { responder->send({200, {}, large}); });
    auto client = running.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(client.read_answer().body, large);
    }
}

TEST(HttpServer, BodiesBeyondTheSharedBudgetWaitThenAreRefused) {
    ServerOptions options;
    options.body_bytes_in_flight_max = 150'000;
    options.body_timeout = milliseconds(60);
    std::mutex mutex;
    std::deque<std::unique_ptr<Responder>> held;
    std::condition_variable came;
    Running running(
        [&](Request, std::unique_ptr<Responder> responder) {
            std::lock_guard lock(mutex);
            held.push_back(std::move(responder));
            came.notify_all();
        },
        options);
    auto first = running.connect(), second = running.connect(), third = running.connect();
    first.send(post(std::string(100'000, 'a')));
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return held.size() == 1; });
    lock.unlock();
    second.send(post(std::string(100'000, 'b')));
    EXPECT_EQ(second.read_answer().status, 503);

    lock.lock();
    held.front()->send({200, {}, ""});
    held.pop_front();
    lock.unlock();
    EXPECT_EQ(first.read_answer().status, 200);
    third.send(post(std::string(400'000, 'c')));  // alone it may be larger than the budget
    lock.lock();
    came.wait(lock, [&] { return held.size() == 1; });
    held.front()->send({200, {}, ""});
    EXPECT_EQ(third.read_answer().status, 200);
}

TEST(HttpServer, AnswersOfABurstGoOutAtItsEnd) {
    std::mutex mutex;
    std::vector<std::unique_ptr<Responder>> waiting;
    std::condition_variable all_there;
    Running running([&](Request, std::unique_ptr<Responder> responder) {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(responder));
        all_there.notify_one();
    });
    std::deque<RawClient> clients;
    for (int i = 0; i < 6; ++i) {
        clients.push_back(running.connect());
        clients.back().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    {
        std::unique_lock lock(mutex);
        all_there.wait(lock, [&] { return waiting.size() == clients.size(); });
    }
    {
        const AnswerBurst burst;
        EXPECT_EQ(AnswerBurst::current(), &burst);
        for (auto& responder : waiting) responder->send({200, {}, "together"});
        std::this_thread::sleep_for(milliseconds(50));
        EXPECT_NE(running.metrics.render().find("cairn_http_requests_total{code=\"2xx\"} 0"), std::string::npos);
    }
    EXPECT_EQ(AnswerBurst::current(), nullptr);
    for (auto& client : clients) EXPECT_EQ(client.read_answer().body, "together");
}

TEST(HttpServer, UnansweredAndFailedRequests) {
    Running running([](Request request, std::unique_ptr<Responder> responder) {
        if (request.target == "/throw") throw std::runtime_error("broken");
        if (request.target == "/later") std::thread([responder = std::move(responder)] {}).detach();
    });
    auto client = running.connect();
    for (const char* target : {"/drop", "/throw", "/later"}) {
        client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(client.read_answer().status, 500) << target;
    }
}

TEST(HttpServer, TooManyConnectionsAreTurnedAway) {
    ServerOptions options;
    options.connections_max = 2;
    Running running(echo, options);
    auto first = running.connect(), second = running.connect();
    for (auto* client : {&first, &second}) {
        client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(client->read_answer().status, 200);
    }
    auto third = running.connect();
    EXPECT_EQ(third.read_answer().status, 503);
}

TEST(HttpServer, TwoThousandIdleConnections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 10'000);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 5'000) GTEST_SKIP() << "too few open files are allowed";
    Running running;
    std::vector<RawClient> clients;
    for (int i = 0; i < 2'000; ++i) {
        clients.push_back(running.connect());
        ASSERT_TRUE(clients.back().connected()) << i;
    }
    for (auto& client : clients) client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (auto& client : clients) ASSERT_EQ(client.read_answer().status, 200);
    running.server->stop(milliseconds(10'000));
    for (auto& client : clients) ASSERT_TRUE(client.closed_by_server());
}

TEST(HttpServer, StopLetsRunningRequestsFinish) {
    std::mutex mutex;
    std::condition_variable came;
    std::unique_ptr<Responder> held;
    Running running([&](Request, std::unique_ptr<Responder> responder) {
        std::lock_guard lock(mutex);
        held = std::move(responder);
        came.notify_all();
    });
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return held != nullptr; });
    std::thread stopping([&] { running.server->stop(milliseconds(10'000)); });
    while (running.connect().connected()) std::this_thread::yield();  // until the listener is closed
    held->send({200, {}, "last"});
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.body, "last");
    EXPECT_NE(answer.head.find("Connection: close\r\n"), std::string::npos);
    stopping.join();
    EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, StopDoesNotWaitForRequestsThatDoNotCome) {
    ServerOptions options;
    options.drain_timeout = milliseconds(40);
    Running running(echo, options);
    const char* const halves[] = {"G", "GET / HTTP/1.1\r\nHo",
                                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
                                  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"};
    std::deque<RawClient> clients;
    for (const auto* half : halves) {
        clients.push_back(running.connect());
        clients.back().send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(clients.back().read_answer().status, 200);
        clients.back().send(half);
    }
    auto silent = running.connect();
    std::this_thread::sleep_for(milliseconds(50));  // until the halves were read
    const auto begun = std::chrono::steady_clock::now();
    running.server->stop(std::chrono::minutes(1));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    for (auto& client : clients) {
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.body, "the server is being stopped\n");
    }
    EXPECT_TRUE(silent.closed_by_server());
}

TEST(HttpServer, ARequestThatIsStillComingIsAnsweredWhenItComesSoon) {
    Running running;
    auto client = running.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    std::this_thread::sleep_for(milliseconds(50));  // until that was read
    std::thread stopping([&] { running.server->stop(std::chrono::minutes(1)); });
    while (running.connect().connected()) std::this_thread::yield();  // until the listener is closed
    client.send("lo");
    EXPECT_EQ(client.read_answer().body, "POST / hello");
    stopping.join();
}

TEST(HttpServer, AnswersAfterTheEndGoNowhere) {
    std::mutex mutex;
    std::condition_variable came;
    std::unique_ptr<Responder> held;
    Running running([&](Request, std::unique_ptr<Responder> responder) {
        std::lock_guard lock(mutex);
        held = std::move(responder);
        came.notify_all();
    });
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return held != nullptr; });
    running.server.reset();
    held->send({200, {}, "late"});
    held.reset();
    EXPECT_EQ(client.read_all(), "");
}

TEST(HttpServer, AddressInUseIsNamed) {
    Running running;
    ServerOptions options;
    options.port = running.server->port();
    Metrics metrics;
    const auto second = HttpServer::start(options, echo, {}, metrics);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::unavailable);
    EXPECT_EQ(second.error().message,
              "cannot listen on 127.0.0.1:" + std::to_string(options.port) + ": Address already in use");
}

}  // namespace
}  // namespace cairn::net
