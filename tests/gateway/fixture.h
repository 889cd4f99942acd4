#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/gateway.h"
#include "net/client.h"
#include "origin.h"

namespace cairn::gateway {

/// Keeps the calls, and answers for them when the test says so.
class HeldRecorder final : public Recorder {
public:
    CopyLimits limits(const net::Request&, const wire::Classified*, const net::Response*) const override {
        return {copy_bytes, copy_bytes, 0};
    }

    void record(Call call, Done done) override {
        std::lock_guard lock(mutex_);
        calls_.push_back(std::move(call));
        if (hold)
            held_.push_back(std::move(done));
        else
            done(failing ? Result<void>(fail(Code::exhausted, "the disk is full")) : Result<void>());
    }
    bool accepting() const override { return accepts; }

    void intend(Call call, Intended done) override {
        std::lock_guard lock(mutex_);
        intents_.push_back(std::move(call));
        if (refuses_intents) return done(fail(Code::exhausted, "the disk is full"));
        if (hold_intents)
            held_intents_.push_back(std::move(done));
        else
            done(random_uuid());
    }
    void record_head(Call call, Begun done) override {
        std::lock_guard lock(mutex_);
        const auto id = call.event_id.value_or(random_uuid());
        call.event_id = id;
        heads_.push_back(std::move(call));
        if (failing) return done(fail(Code::exhausted, "the disk is full"));
        if (hold)
            held_.push_back([id, done = std::move(done)](Result<void>) mutable { done(id); });
        else
            done(id);
    }
    void forget(const Uuid& event_id) override {
        std::lock_guard lock(mutex_);
        forgotten_.push_back(event_id);
    }

    std::size_t count() const {
        std::lock_guard lock(mutex_);
        return calls_.size();
    }
    const Call& call(std::size_t i) const {
        std::lock_guard lock(mutex_);
        return calls_.at(i);
    }
    /// Waits until there are so many.
    bool wait_for(std::size_t calls) const {
        for (int i = 0; i < 500 && count() < calls; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return count() >= calls;
    }
    void release(Result<void> result = {}) {
        std::vector<Done> held;
        {
            std::lock_guard lock(mutex_);
            held.swap(held_);
        }
        for (auto& done : held) done(result);
    }

    std::vector<Call> intents() const { return copy_of(intents_); }
    std::vector<Call> heads() const { return copy_of(heads_); }
    std::size_t forgotten() const { return copy_of(forgotten_).size(); }
    void release_intents() {
        std::vector<Intended> held;
        {
            std::lock_guard lock(mutex_);
            held.swap(held_intents_);
        }
        for (auto& done : held) done(random_uuid());
    }
    /// Waits until `fine` says so.
    template <class Fine>
    static bool until(Fine fine) {
        for (int i = 0; i < 500 && !fine(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return fine();
    }

    std::atomic<bool> hold{false}, failing{false}, accepts{true}, hold_intents{false}, refuses_intents{false};
    std::size_t copy_bytes = 1 << 20;

private:
    template <class T>
    std::vector<T> copy_of(const std::vector<T>& all) const {
        std::lock_guard lock(mutex_);
        return all;
    }

    mutable std::mutex mutex_;
    std::vector<Call> calls_;  // guarded by mutex_, as all below
    std::vector<Done> held_;
    std::vector<Call> intents_, heads_;
    std::vector<Intended> held_intents_;
    std::vector<Uuid> forgotten_;
};

/// A gateway in front of an origin of the test.
class Proxy : public testing::Test {
protected:
    ~Proxy() override {
        gateway_.reset();
        end_origin();
    }
    /// What it serves may use members: it ends before they do.
    void end_origin() {
        if (origin_) origin_->end();
        origin_.reset();
    }

    void serve(Origin::Serve serve) { origin_ = std::make_unique<Origin>(std::move(serve)); }

    void start(GatewayOptions options = {}) {
        if (options.upstreams.empty()) options.upstreams.push_back(upstream());
        if (options.listeners.empty()) options.listeners.push_back(listener());
        options_ = options;
        auto started = Gateway::start(std::move(options), recorder_, metrics_);
        ASSERT_TRUE(started) << started.error().message;
        gateway_ = std::move(*started);
    }

    UpstreamOptions upstream() const {
        UpstreamOptions options;
        options.name = "origin";
        options.url = origin_->url();
        return options;
    }
    static ListenerOptions listener() {
        ListenerOptions options;
        options.routes.push_back({"", "", "", "origin"});
        return options;
    }

    std::uint16_t port(std::size_t place = 0) const {
        const auto endpoint = gateway_->endpoints().at(place);
        return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    }
    net::RawClient client() const { return net::RawClient(port()); }

    HeldRecorder recorder_;
    Metrics metrics_;
    std::unique_ptr<Origin> origin_;
    std::unique_ptr<Gateway> gateway_;
    GatewayOptions options_;  // it was started with
};

inline constexpr std::string_view small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace cairn::gateway
