#include "fixture.h"

namespace cairn::gateway {
namespace {

std::string hex(std::size_t size) {
    char text[32];
    std::snprintf(text, sizeof text, "%zx", size);
    return text;
}

/// What the origin receives, up to `end`, answering with `answer`.
class Transparency : public Proxy {
protected:
    void capture(std::string end, std::string answer) {
        serve([this, end = std::move(end), answer = std::move(answer)](Peer& peer) {
            auto got = peer.read_until(end);
            {
                std::lock_guard lock(mutex_);
                captured_ = std::move(got);
            }
            peer.send(answer);
            peer.read_head();  // until the gateway lets go
        });
    }
    std::string captured() {
        std::lock_guard lock(mutex_);
        return captured_;
    }

    std::mutex mutex_;
    std::string captured_;
};

TEST_F(Transparency, RequestsPassByteForByte) {
    const std::string aws_chunk = "5;chunk-signature=" + std::string(64, 'a') +
                                  "\r\nhello\r\n0;chunk-signature=" + std::string(64, 'b') +
                                  "\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    const std::string requests[] = {
        "GET / HTTP/1.1\r\nHost: localhost:9000\r\n\r\n",
        "GET /a//b/(x)!'*~+%C3%A9.txt?b=2&a=1&acl&x=%2F&=&c HTTP/1.1\r\nhOST: Example.COM:80\r\nx-A:   two  blanks "
        "\r\nX-a: "
        "again\r\n\r\n",
        "GET /b/../k%2Fey/ HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/1/r/s3/aws4_request, "
        "SignedHeaders=host, Signature=0\r\nX-Empty:\r\nAccept-Encoding: identity\r\nUser-Agent: \xc3\xa9\r\n\r\n",
        "DELETE /bucket/" + std::string(1024, 'k') + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "PATCH /odd-method HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Type: x\r\n\r\n\r\n\n",
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Amz-Date: 1\r\nRange: bytes=0-1\r\nIf-Match: "
        "\"a\"\r\n\r\nhello",
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: "
        "x-t\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\nx-t: v\r\n"
        "\r\n",
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Encoding: aws-chunked\r\nContent-Length: " +
            std::to_string(aws_chunk.size()) + "\r\n\r\n" + aws_chunk,
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Encoding: aws-chunked\r\nTransfer-Encoding: chunked\r\n\r\n" +
            hex(aws_chunk.size()) + "\r\n" + aws_chunk + "\r\n0\r\n\r\n",
    };
    for (const auto mode : {Mode::closed, Mode::observe}) {
        for (const auto& request : requests) {
            SCOPED_TRACE(request);
            capture(request, std::string(small_answer));
            start({.mode = mode});
            auto one = client();
            one.send(request);
            EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
            EXPECT_EQ(captured(), request);
            one.close();
            gateway_.reset();
            origin_.reset();
        }
    }
}

TEST_F(Transparency, RequestsPassInPiecesOfAnySize) {
    const std::string request =
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nb\r\n01234567890\r\n0\r\nx: "
        "y\r\n\r\n";
    for (std::size_t size = 1; size < 9; ++size) {
        SCOPED_TRACE(size);
        capture(request, std::string(small_answer));
        start();
        auto one = client();
        for (std::size_t at = 0; at < request.size(); at += size) one.send(std::string_view(request).substr(at, size));
        EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
        EXPECT_EQ(captured(), request);
        one.close();
        gateway_.reset();
        origin_.reset();
    }
}

TEST_F(Transparency, AnswersPassByteForByte) {
    const struct {
        std::string method, answer;
        bool until_close;
    } cases[] = {
        {"GET",
         "HTTP/1.1 200 OK\r\nserver: X\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 5\r\nETag: "
         "\"\"\r\n\r\nhello",
         false},
        {"GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", false},
        {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false},
        {"GET",
         "HTTP/1.1 299 Odd Reason\r\nTransfer-Encoding: chunked\r\nTrailer: "
         "t\r\n\r\n2\r\nab\r\n0B\r\n01234567890\r\n0\r\nt: v\r\n\r\n",
         false},
        {"GET", "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab", false},
        {"GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n", false},
        {"DELETE", "HTTP/1.1 204 No Content\r\nx-amz-request-id: 1\r\n\r\n", false},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n\r\n", false},
        {"HEAD", "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        {"PUT", "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere/\r\nContent-Length: 1\r\n\r\nx", false},
        {"GET",
         "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 "
         "OK\r\nContent-Length: 1\r\n\r\nz",
         false},
    };
    for (const auto mode : {Mode::closed, Mode::observe}) {
        for (const auto& row : cases) {
            SCOPED_TRACE(row.method + " " + row.answer);
            capture("\r\n\r\n", row.answer);
            start({.mode = mode});
            auto one = client();
            one.send(row.method + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
            EXPECT_EQ(one.read_bytes(row.answer.size()), row.answer);
            one.close();
            gateway_.reset();
            origin_.reset();
        }
    }
}

TEST_F(Transparency, AnAnswerWithoutLengthEndsWithItsConnection) {
    serve([](Peer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nX: y\r\n\r\nall that there is");
    });
    start();
    auto one = client();
    one.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(one.read_all(), "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nall that there is");
    EXPECT_EQ(recorder_.call(0).response_bytes, 17u);
}

TEST_F(Transparency, HeadersOfOneHopStay) {
    capture(
        "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nx-hop: 1\r\nProxy-Authenticate: "
        "Basic\r\nContent-Length: 2\r\nX-Stays: 1\r\n\r\nok");
    start();
    auto one = client();
    one.send(
        "GET / HTTP/1.1\r\nConnection: keep-alive, X-Mine, X-Amz-Date, Host\r\nHost: h\r\nTE: trailers\r\nx-mine: "
        "1\r\nX-Amz-Date: "
        "2\r\nKeep-Alive: 1\r\nUpgrade: h2c\r\nProxy-Connection: x\r\nX-Last: 3\r\n\r\n");
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Stays: 1\r\n\r\nok";
    EXPECT_EQ(one.read_bytes(answer.size()), answer);
    EXPECT_EQ(captured(), "GET / HTTP/1.1\r\nHost: h\r\nX-Amz-Date: 2\r\nX-Last: 3\r\n\r\n");
}

TEST_F(Transparency, ChunkExtensionsAreTakenOut) {
    capture("0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0;x\r\n\r\n");
    start();
    auto one = client();
    one.send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\n\r\n");
    const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    EXPECT_EQ(one.read_bytes(answer.size()), answer);
    EXPECT_EQ(captured(), "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(recorder_.call(0).request.body, "abc");
    EXPECT_EQ(recorder_.call(0).response.body, "ab");
}

TEST_F(Transparency, ManyRequestsShareConnectionsOnBothSides) {
    serve([](Peer& peer) {
        while (!peer.read_head().empty()) peer.send(small_answer);
    });
    start({.threads = 1});
    auto one = client();
    one.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");  // at once
    for (int i = 0; i < 2; ++i) EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    for (int i = 0; i < 20; ++i) {
        one.send("GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    }
    EXPECT_EQ(origin_->connections(), 1);
    EXPECT_EQ(recorder_.count(), 22u);
}

TEST_F(Transparency, ConnectionCloseIsHonoured) {
    serve([](Peer& peer) {
        while (!peer.read_head().empty()) peer.send(small_answer);
    });
    start();
    auto one = client();
    one.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(one.read_all(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

TEST_F(Transparency, LargeBodiesPassBothWays) {
    const std::size_t size = 20u << 20;
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
    serve([&](Peer& peer) {
        peer.read_head();
        const auto got = peer.read_bytes(size);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(got.size()) + "\r\n\r\n");
        peer.send(got);
        peer.read_head();
    });
    for (const auto mode : {Mode::closed, Mode::observe}) {
        start({.mode = mode});
        auto one = client();
        one.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        ASSERT_TRUE(one.send(body));
        EXPECT_NE(one.read_until("\r\n\r\n").find(std::to_string(size)), std::string::npos);
        EXPECT_EQ(one.read_bytes(size), body);
        gateway_.reset();
    }
    EXPECT_EQ(recorder_.call(0).request_bytes, size);
    EXPECT_EQ(recorder_.call(0).response_bytes, size);
    EXPECT_FALSE(recorder_.call(0).request_whole);
    EXPECT_TRUE(recorder_.call(0).request.body.empty());
}

TEST_F(Transparency, LongBodiesThatNobodyLooksAtPassSlowReadersAndLeaveTheConnectionUsable) {
    const std::size_t size = 3u << 20;
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 2654435761u >> 11);
    serve([&](Peer& peer) {
        while (!peer.read_head().empty()) {
            std::string got;
            while (got.size() < size) {
                const auto more = peer.read_bytes(std::min<std::size_t>(size - got.size(), 300'000));
                if (more.empty()) return;
                got += more;
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
            peer.send(got == body ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                  : "HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno");
        }
    });
    start({.threads = 1});
    auto one = client();
    for (int call = 0; call < 3; ++call) {
        one.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        for (std::size_t at = 0; at < size; at += 700'000)
            ASSERT_TRUE(one.send(std::string_view(body).substr(at, 700'000)));
        EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer) << call;
    }
    EXPECT_EQ(origin_->connections(), 1);
    ASSERT_EQ(recorder_.count(), 3u);
    EXPECT_EQ(recorder_.call(2).request_bytes, size);
}

TEST_F(Transparency, AnUpstreamThatGoesWithinALongBodyIsToldOf) {
    const std::size_t size = 16u << 20;
    serve([&](Peer& peer) {
        peer.read_head();
        peer.read_bytes(2u << 20);
        peer.reset();
    });
    start({.threads = 1});
    for (int call = 0; call < 5; ++call) {
        auto one = client();
        one.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        one.send(std::string(size, 'x'));
        EXPECT_TRUE(one.read_until("\r\n").starts_with("HTTP/1.1 502")) << call;
    }
}

TEST_F(Transparency, AClientThatGoesWithinALongBodyIsSeenByTheUpstream) {
    const std::size_t size = 16u << 20;
    std::atomic<std::size_t> got{0};
    serve([&](Peer& peer) {
        peer.read_head();
        got = peer.read_bytes(size).size();
    });
    start({.threads = 1});
    {
        auto one = client();
        one.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        one.send(std::string(4u << 20, 'x'));
        while (origin_->connections() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    origin_->end();
    EXPECT_LE(got, 4u << 20);
    EXPECT_GT(got, 0u);
}

TEST_F(Transparency, AnEventStreamThatSaysItFailedIsAFailedCall) {
    using namespace std::string_literals;
    const auto frame =
        "\0\0\0\x41\0\0\0\x2f"
        "CRC1\x0d:message-type\x07\0\x09"
        "exception\x0f:exception-type\x07\0\x02SX{}CRC2"s;
    capture("0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nContent-Length: " +
                             std::to_string(frame.size()) + "\r\n\r\n" + frame);
    std::size_t calls = 0;
    for (const auto mode : {Mode::observe, Mode::closed}) {
        start({.mode = mode});
        auto one = client();
        one.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        one.read_until("\r\n\r\n");
        EXPECT_EQ(one.read_bytes(frame.size()), frame);
        ASSERT_TRUE(recorder_.wait_for(++calls));
        EXPECT_EQ(recorder_.call(calls - 1).stream_failure.code, "SX");
        gateway_.reset();
    }
}

TEST_F(Transparency, AClientOfHttp10GetsNoChunks) {
    capture("\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
    start();
    auto one = client();
    one.send("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
    EXPECT_EQ(one.read_all(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");
}

}  // namespace
}  // namespace cairn::gateway
