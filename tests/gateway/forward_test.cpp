#include <chrono>
#include <string>
#include <thread>

#include "fixture.h"
#include "net/certificate.h"
#include "support/temporary_folder.h"
#include "tls_client.h"

namespace cairn::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view request_head =
    "GET /b/k%20(x)?y HTTP/1.1\r\nhOST: s3.amazonaws.com\r\nX-Amz-Date: 1\r\nx-odd:  a  b\r\n\r\n";

/// A forward proxy; whatever it connects to is an origin of the test.
class Forwarding : public Proxy {
protected:
    ForwardOptions options() const {
        ForwardOptions forward;
        forward.ca_folder = folder_.path() + "/ca";
        forward.tunnel_local = true;
        if (origin_) forward.connect_to = {"http://127.0.0.1:" + std::to_string(origin_->port())};
        return forward;
    }

    void start_forward(ForwardOptions forward) {
        ListenerOptions door;
        door.forward = true;
        GatewayOptions all;
        all.listeners = {door};
        all.forward = std::move(forward);
        auto started = Gateway::start(std::move(all), recorder_, metrics_);
        ASSERT_TRUE(started) << started.error().message;
        gateway_ = std::move(*started);
    }

    /// An origin that keeps the head of each request, and answers.
    void serve_answers() {
        serve([this](Peer& peer) {
            for (auto head = peer.read_head(); !head.empty(); head = peer.read_head()) {
                {
                    std::lock_guard lock(mutex_);
                    heads_.push_back(head);
                }
                peer.send(small_answer);
            }
        });
    }
    std::string seen(std::size_t i) {
        std::lock_guard lock(mutex_);
        return heads_.at(i);
    }

    std::string ca_file() const { return folder_.path() + "/ca/ca.pem"; }

    static std::string connect_to(net::RawClient& raw, const std::string& place, const char* version = "1.1") {
        raw.send("CONNECT " + place + " HTTP/" + version + "\r\nHost: " + place + "\r\n\r\n");
        return raw.read_until("\r\n\r\n");
    }
    std::string origin_place() const { return "127.0.0.1:" + std::to_string(origin_->port()); }

    /// The status of what the proxy answers to `bytes`, 0 for none.
    int status_of(const std::string& bytes) const {
        auto raw = client();
        raw.send(bytes);
        return raw.read_answer().status;
    }

    std::uint64_t counted(const std::string& series) const {
        const auto text = "\n" + metrics_.render();
        const auto at = text.find("\n" + series + " ");
        return at == std::string::npos ? 0 : std::stoull(text.substr(at + series.size() + 2));
    }

    const support::TemporaryFolder folder_;
    std::mutex mutex_;
    std::vector<std::string> heads_;  // guarded by mutex_
};

TEST_F(Forwarding, CallsToInterceptedHostsPassUnchangedAndAreRecorded) {
    serve_answers();
    start_forward(options());
    for (const char* version : {"1.0", "1.1"}) {
        SCOPED_TRACE(version);
        auto raw = client();
        EXPECT_TRUE(connect_to(raw, "s3.amazonaws.com:443", version).starts_with("HTTP/1.1 200 "));
        TlsClient tls(raw, ca_file(), "s3.amazonaws.com", "s3.amazonaws.com");
        ASSERT_TRUE(tls.connected()) << tls.verify_result();
        EXPECT_EQ(tls.protocol(), "http/1.1");
        EXPECT_EQ(tls.ask(request_head, "ok"), small_answer);
        EXPECT_EQ(tls.ask(request_head, "ok"), small_answer);
    }
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seen(i), request_head);
    ASSERT_TRUE(recorder_.wait_for(4));
    const auto& call = recorder_.call(0);
    EXPECT_EQ(call.upstream, "aws");
    EXPECT_TRUE(call.request.tls);
    EXPECT_EQ(call.request.tls_version, "TLSv1.3");
    EXPECT_EQ(call.request.find("host"), "s3.amazonaws.com");
    EXPECT_EQ(call.request.peer_address, "127.0.0.1");
    EXPECT_LE(origin_->connections(), 2);  // a host's are used again, on each of two threads
    EXPECT_EQ(counted("cairn_gateway_intercepted_total"), 2u);
}

TEST_F(Forwarding, ACertificateIsForTheNameThatIsAskedForElseForTheHostOfTheConnect) {
    serve_answers();
    start_forward(options());
    const struct {
        const char *connect, *asked, *served;
    } cases[] = {{"s3.amazonaws.com:443", "", "s3.amazonaws.com"},
                 {"S3.AmazonAWS.com.:443", "S3.amazonaws.com", "s3.amazonaws.com"},
                 {"s3.amazonaws.com:443", "bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"},
                 {"s3.amazonaws.com:443", "evil.example", "s3.amazonaws.com"},
                 {"sts.eu-west-1.api.aws:8443", "sts.eu-west-1.api.aws", "sts.eu-west-1.api.aws"}};
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.connect) + " " + row.asked);
        auto raw = client();
        connect_to(raw, row.connect);
        TlsClient tls(raw, ca_file(), row.served, row.asked);
        EXPECT_TRUE(tls.connected()) << tls.verify_result();
    }
    auto raw = client();
    connect_to(raw, "s3.amazonaws.com:443");
    EXPECT_FALSE(TlsClient(raw, ca_file(), "evil.example", "evil.example").connected());
}

TEST_F(Forwarding, TheServerBehindMustHaveTheCertificateOfTheHost) {
    serve_answers();
    const net::Certificate aws("aws", "DNS:*.amazonaws.com");
    auto encrypted = listener();
    encrypted.tls = {aws.files()};
    start({.listeners = {encrypted}});
    const auto behind = std::move(gateway_);
    const auto endpoint = behind->endpoints().at(0);
    HeldRecorder recorder;
    const struct {
        const char* host;
        int status;
    } cases[] = {{"s3.amazonaws.com", 200}, {"s3.eu-west-1.amazonaws.com", 502}, {"s3.api.aws", 502}};
    auto forward = options();
    forward.upstream.ca_file = aws.files().certificate;
    forward.connect_to = {"*.nowhere.example=127.0.0.1:1", "*.amazonaws.com=" + endpoint,
                          endpoint.substr(endpoint.find("//") + 2)};
    start_forward(forward);
    for (const auto& row : cases) {
        SCOPED_TRACE(row.host);
        auto raw = client();
        connect_to(raw, std::string(row.host) + ":443");
        TlsClient tls(raw, ca_file(), row.host, row.host);
        ASSERT_TRUE(tls.connected()) << tls.verify_result();
        const auto answer = tls.ask("GET / HTTP/1.1\r\nHost: " + std::string(row.host) + "\r\n\r\n", "\r\n\r\n");
        EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::to_string(row.status));
    }
    gateway_.reset();
}

TEST_F(Forwarding, PlainHttpBehindAConnectIsRecordedAndNothingElseGetsThrough) {
    serve_answers();
    start_forward(options());
    auto raw = client();
    connect_to(raw, "s3.amazonaws.com:80");
    raw.send(request_head);
    EXPECT_EQ(raw.read_answer().status, 200);
    EXPECT_EQ(seen(0), request_head);
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_FALSE(recorder_.call(0).request.tls);

    for (const char* head : {"GET / HTTP/1.1\r\nHost: sts.amazonaws.com\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
        auto elsewhere = client();
        connect_to(elsewhere, "ec2-192-0-2-1.compute-1.amazonaws.com:80");
        elsewhere.send(head);
        EXPECT_EQ(elsewhere.read_answer().status, 421) << head;
    }
    EXPECT_EQ(recorder_.count(), 1u);

    auto other = client();
    connect_to(other, "db.rds.amazonaws.com:5432");
    other.send(std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8));
    EXPECT_EQ(other.read_answer().status, 400);
    EXPECT_EQ(recorder_.count(), 1u);
}

TEST_F(Forwarding, AbsoluteTargetsAreRecordedForInterceptedHostsAndRelayedForOthers) {
    serve_answers();
    start_forward(options());
    auto raw = client();
    raw.send(
        "PUT http://s3.amazonaws.com/b/k HTTP/1.1\r\nHost: s3.amazonaws.com\r\nProxy-Authorization: x\r\n"
        "Content-Length: 0\r\n\r\n");
    EXPECT_EQ(raw.read_answer().status, 200);
    EXPECT_EQ(seen(0), "PUT /b/k HTTP/1.1\r\nHost: s3.amazonaws.com\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(recorder_.wait_for(1));
    EXPECT_EQ(recorder_.call(0).request.target, "/b/k");

    const auto other = origin_place();
    raw.send("GET http://" + other + "/x HTTP/1.1\r\nHost: " + other + "\r\n\r\n");
    EXPECT_EQ(raw.read_answer().status, 200);
    EXPECT_EQ(seen(1), "GET /x HTTP/1.1\r\nHost: " + other + "\r\n\r\n");
    raw.send("GET http://s3.amazonaws.com/z HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n");
    EXPECT_EQ(raw.read_answer().status, 200);
    ASSERT_TRUE(recorder_.wait_for(2));
    EXPECT_EQ(recorder_.call(1).request.target, "/z");
    EXPECT_EQ(recorder_.count(), 2u);
}

TEST_F(Forwarding, WhatAProxyDoesNotTakeIsRefusedWithAReason) {
    serve_answers();
    auto forward = options();
    forward.tunnel_local = false;
    start_forward(forward);
    const auto other = origin_place();
    const struct {
        std::string bytes;
        int status;
    } cases[] = {{"CONNECT s3.amazonaws.com HTTP/1.0\r\n\r\n", 400},
                 {"CONNECT s3.amazonaws.com:443\r\n\r\n", 400},
                 {"CONNECT " + std::string(20'000, 'a') + ":443 HTTP/1.0\r\n\r\n", 431},
                 {"GET / HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n", 400},
                 {"GET https://s3.amazonaws.com/ HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n", 400},
                 {"\x16\x03\x01 no proxy", 400},
                 {"CONNECT " + other + " HTTP/1.0\r\n\r\n", 403},
                 {"CONNECT localhost:80 HTTP/1.0\r\n\r\n", 403},
                 {"CONNECT 2130706433:80 HTTP/1.0\r\n\r\n", 403},  // 127.0.0.1 as one number
                 {"CONNECT 169.254.169.254:80 HTTP/1.0\r\n\r\n", 403},
                 {"CONNECT [::ffff:169.254.169.254]:80 HTTP/1.0\r\n\r\n", 403},
                 {"GET http://169.254.169.254/latest/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", 403},
                 {"CONNECT no-such-host.invalid:80 HTTP/1.0\r\n\r\n", 502}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.bytes.substr(0, 80));
        EXPECT_EQ(status_of(row.bytes), row.status);
    }
    EXPECT_EQ(recorder_.count(), 0u);
    EXPECT_EQ(origin_->connections(), 0);

    forward.tunnel_others = false;
    forward.tunnel_local = true;
    start_forward(forward);
    EXPECT_EQ(status_of("CONNECT " + other + " HTTP/1.0\r\n\r\n"), 403);
    EXPECT_EQ(status_of("GET http://" + other + "/ HTTP/1.1\r\nHost: " + other + "\r\n\r\n"), 403);
    EXPECT_EQ(origin_->connections(), 0);
    auto raw = client();
    EXPECT_TRUE(connect_to(raw, "s3.amazonaws.com:443").starts_with("HTTP/1.1 200 "));
}

TEST_F(Forwarding, AnUnreachableHostAndOneTunnelTooManyAreRefused) {
    serve_answers();
    auto forward = options();
    forward.tunnels_max = 1;
    start_forward(forward);
    EXPECT_EQ(status_of("CONNECT 127.0.0.1:1 HTTP/1.0\r\n\r\n"), 502);
    auto first = client(), second = client();
    EXPECT_TRUE(connect_to(first, origin_place()).starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(connect_to(second, origin_place()).starts_with("HTTP/1.1 503 "));
    first.close();
    for (int i = 0; i < 500 && counted("cairn_gateway_tunnels") > 0; ++i) std::this_thread::sleep_for(10ms);
    auto third = client();
    EXPECT_TRUE(connect_to(third, origin_place()).starts_with("HTTP/1.1 200 "));
}

TEST_F(Forwarding, ATunnelIsByteForByteAndEachSideEndsItsHalf) {
    std::string there, back;
    for (int i = 0; i < 3'000'000; ++i) there.push_back(static_cast<char>(i * 7 + i / 255));
    for (int i = 0; i < 2'000'000; ++i) back.push_back(static_cast<char>(i * 11 + i / 251));
    std::string received;
    std::atomic<bool> done{false};
    serve([&](Peer& peer) {
        received = peer.read_bytes(there.size());
        if (!peer.ended()) received = "the client's end did not come through";
        peer.send(back);
        done = true;
    });
    start_forward(options());
    auto raw = client();
    raw.send("CONNECT " + origin_place() + " HTTP/1.0\r\n\r\n" + there.substr(0, 100));  // the first bytes at once
    EXPECT_TRUE(raw.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    ASSERT_TRUE(raw.send(std::string_view(there).substr(100)));
    raw.finish();
    EXPECT_TRUE(raw.read_bytes(back.size()) == back);
    EXPECT_TRUE(raw.closed_by_server());
    EXPECT_TRUE(done);
    EXPECT_TRUE(received == there);
    EXPECT_EQ(recorder_.count(), 0u);
    EXPECT_EQ(counted("cairn_gateway_tunnels_total"), 1u);
    EXPECT_EQ(counted("cairn_gateway_tunnel_bytes_total{direction=\"sent\"}"), there.size());
    EXPECT_EQ(counted("cairn_gateway_tunnel_bytes_total{direction=\"received\"}"), back.size());
}

TEST_F(Forwarding, ASlowReaderHoldsUpItsTunnelInsteadOfFillingMemory) {
    const std::size_t size = 64u << 20, chunk = 1u << 20;
    std::atomic<std::size_t> sent{0};
    const std::string piece(chunk, 'x');
    serve([&](Peer& peer) {
        peer.read_until("go");
        while (sent < size && peer.send(piece)) sent += chunk;
    });
    start_forward(options());
    auto raw = client();
    connect_to(raw, origin_place());
    raw.send("go");
    std::size_t before = 1;
    while (sent != std::exchange(before, sent.load()) || before == 0) std::this_thread::sleep_for(300ms);
    EXPECT_LT(sent, size / 2);  // what the kernel's buffers take, and one of the gateway
    std::size_t got = 0;
    while (got < size) {
        const auto read = raw.read_bytes(chunk).size();
        if (read == 0) break;
        got += read;
    }
    EXPECT_EQ(got, size);
    gateway_.reset();
    end_origin();
}

TEST_F(Forwarding, ATunnelWithoutABytesForTooLongIsClosed) {
    serve([](Peer& peer) {
        peer.send("hello");
        peer.read_until("never");
    });
    auto forward = options();
    forward.tunnel_idle_timeout = 300ms;
    start_forward(forward);
    auto raw = client();
    connect_to(raw, origin_place());
    EXPECT_EQ(raw.read_bytes(5), "hello");
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(raw.closed_by_server());
    EXPECT_GE(std::chrono::steady_clock::now() - began, 200ms);
    EXPECT_EQ(counted("cairn_gateway_tunnels"), 0u);
}

TEST_F(Forwarding, AnAbortOnOneSideOfATunnelIsOneOnTheOther) {
    serve([](Peer& peer) {
        peer.read_until("go");
        peer.reset();
    });
    start_forward(options());
    auto raw = client();
    connect_to(raw, origin_place());
    raw.send("go");
    char byte;
    EXPECT_EQ(::recv(raw.socket(), &byte, 1, 0), -1);
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(Forwarding, WhatCannotWorkIsSaidAtTheStart) {
    serve_answers();
    const auto refused = [&](ForwardOptions forward, ListenerOptions door = {}) {
        door.forward = true;
        GatewayOptions all;
        all.upstreams = {upstream()};
        all.listeners = {door};
        all.forward = std::move(forward);
        const auto started = Gateway::start(std::move(all), recorder_, metrics_);
        return started ? std::string("it starts") : started.error().message;
    };
    auto forward = options();
    forward.intercept = {};
    EXPECT_NE(refused(forward).find("intercept"), std::string::npos);
    forward.intercept = {"*."};
    EXPECT_NE(refused(forward).find("intercept"), std::string::npos);
    forward = options();
    forward.connect_to = {"*.amazonaws.com=127.0.0.1:5000/path"};
    EXPECT_NE(refused(forward).find("connect_to"), std::string::npos);
    forward = options();
    forward.upstream.name = "origin";
    EXPECT_NE(refused(forward).find("origin"), std::string::npos);
    EXPECT_NE(refused(options(), listener()).find("routes"), std::string::npos);
    EXPECT_EQ(refused(options()), "it starts");
}

}  // namespace
}  // namespace cairn::gateway
