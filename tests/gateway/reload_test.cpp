#include "fixture.h"

namespace cairn::gateway {
namespace {

constexpr std::string_view other_answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother";
constexpr std::string_view get = "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n";

class Reload : public Proxy {
protected:
    ~Reload() override {
        gateway_.reset();
        end_origin();
        other_.end();
    }

    void serve_small() {
        serve([this](Peer& peer) {
            while (!peer.read_head().empty()) {
                while (hold_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
                peer.send(small_answer);
            }
        });
    }

    /// All goes to the other origin.
    GatewayOptions elsewhere() const {
        auto options = options_;
        auto upstream = options.upstreams.front();
        upstream.name = "other";
        upstream.url = other_.url();
        options.upstreams = {upstream};
        options.listeners.front().routes = {{"", "", "", "other"}};
        return options;
    }

    std::atomic<bool> hold_{false};
    Origin other_{[](Peer& peer) {
        while (!peer.read_head().empty()) peer.send(other_answer);
    }};
};

TEST_F(Reload, NewRoutesServeNewConnectionsAndIdleOnesEnd) {
    serve_small();
    start();
    auto open = client();
    open.send(get);
    EXPECT_EQ(open.read_bytes(small_answer.size()), small_answer);
    const auto before = port();
    ASSERT_TRUE(gateway_->reload(elsewhere()));
    EXPECT_EQ(port(), before);
    EXPECT_EQ(open.read_bytes(1), "");  // it has ended
    auto late = client();
    late.send(get);
    EXPECT_EQ(late.read_bytes(other_answer.size()), other_answer);
    ASSERT_TRUE(recorder_.wait_for(2));
    EXPECT_EQ(recorder_.call(0).upstream, "origin");
    EXPECT_EQ(recorder_.call(1).upstream, "other");
}

TEST_F(Reload, ACallUnderWayGoesOnAsItBeganAndIsTheLastOfItsConnection) {
    hold_ = true;
    serve_small();
    start();
    auto running = client();
    running.send(get);
    while (origin_->connections() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(gateway_->reload(elsewhere()));
    hold_ = false;
    EXPECT_EQ(running.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(running.read_bytes(1), "");
}

TEST_F(Reload, WhatIsWrongIsNamedAndNothingChanges) {
    serve_small();
    start();
    auto open = client();
    auto unknown = options_;
    unknown.listeners.front().routes = {{"", "", "", "nowhere"}};
    auto trusting = options_;
    trusting.trusted_proxies = {"10.0.0.0/99"};
    auto certified = options_;
    certified.listeners.front().tls = {{"/nonexistent/cert.pem", "/nonexistent/key.pem"}};
    auto taken = options_;
    taken.listeners.push_back(listener());
    taken.listeners.back().port = other_.port();
    const std::pair<GatewayOptions, std::string> bad[] = {{unknown, "nowhere"},
                                                          {trusting, "trusted_proxies"},
                                                          {certified, "/nonexistent/cert.pem"},
                                                          {taken, std::to_string(other_.port())}};
    for (const auto& [options, named] : bad) {
        const auto reloaded = gateway_->reload(options);
        ASSERT_FALSE(reloaded) << named;
        EXPECT_NE(reloaded.error().message.find(named), std::string::npos) << reloaded.error().message;
    }
    open.send(get);
    EXPECT_EQ(open.read_bytes(small_answer.size()), small_answer);
    EXPECT_EQ(gateway_->endpoints().size(), 1u);
}

TEST_F(Reload, ListenersComeAndGo) {
    serve_small();
    start();
    const auto first = port();
    auto two = options_;
    two.listeners.push_back(listener());
    ASSERT_TRUE(gateway_->reload(two));
    ASSERT_EQ(gateway_->endpoints().size(), 2u);
    EXPECT_EQ(port(), first);
    net::RawClient to_second(port(1));
    to_second.send(get);
    EXPECT_EQ(to_second.read_bytes(small_answer.size()), small_answer);
    ASSERT_TRUE(gateway_->reload(options_));
    EXPECT_EQ(gateway_->endpoints().size(), 1u);
    EXPECT_EQ(to_second.read_bytes(1), "");
}

TEST_F(Reload, TheModeChanges) {
    serve_small();
    recorder_.hold = true;
    start({.mode = Mode::observe});
    auto one = client();
    one.send(get);
    EXPECT_EQ(one.read_bytes(small_answer.size()), small_answer);
    auto closed = options_;
    closed.mode = Mode::closed;
    ASSERT_TRUE(gateway_->reload(closed));
    auto other = client();
    other.send(get);
    ASSERT_TRUE(recorder_.wait_for(2));
    pollfd wait{other.socket(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 100), 0) << "an answer came before its record";
    recorder_.release();
    EXPECT_EQ(other.read_bytes(small_answer.size()), small_answer);
}

TEST_F(Reload, CallsAreAnsweredWhateverIsReloadedMeanwhile) {
    serve_small();
    start();
    std::atomic<bool> over{false};
    std::atomic<int> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&] {
            while (!over) {
                auto one = client();
                one.send(get);
                if (one.read_until("\r\n\r\n").starts_with("HTTP/1.1 200")) ++answered;
            }
        });
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(gateway_->reload(i % 2 == 0 ? elsewhere() : options_));
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    over = true;
    for (auto& one : clients) one.join();
    EXPECT_GT(answered, 0);
}

}  // namespace
}  // namespace cairn::gateway
