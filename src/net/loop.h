#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "base/metrics.h"
#include "net/answer_burst.h"
#include "net/http_server.h"
#include "net/tls.h"

namespace cairn::net {

/// What the loops of one server, their connections and the metrics share.
class ServerState {
public:
    ServerState(ServerOptions options, Handler handler, BodyLimit body_limit, Metrics& metrics);

    const ServerOptions options;
    const Handler handler;
    const BodyLimit body_limit;

    std::atomic<std::size_t> body_bytes{0};  ///< received or announced as next, of requests not yet answered
    std::atomic<bool> draining{false};       ///< every answer is the last one of its connection
    Counter& bytes_received;
    Counter& bytes_sent;

    Counter& requests(int status) { return *requests_[static_cast<std::size_t>(status / 100 % 6)]; }

    TlsContext tls() const;
    void set_tls(TlsContext context);

    std::size_t connections() const { return connections_->load(std::memory_order_relaxed); }
    void connection_opened() { connections_->fetch_add(1, std::memory_order_relaxed); }
    void connection_closed();
    void show_connections(Metrics& metrics, const std::string& listener) const;

    /// Blocks until no connection is open, for at most `patience`.
    void wait_until_empty(std::chrono::milliseconds patience);

private:
    std::array<Counter*, 6> requests_;
    const std::shared_ptr<std::atomic<std::size_t>> connections_;  // the gauge may outlive all of this
    mutable std::mutex mutex_;
    std::condition_variable empty_;
    TlsContext tls_;  // guarded by mutex_
};

/// Bytes of one body, taken from the budget that all connections share and given back at the end of the exchange.
class BodyShare {
public:
    explicit BodyShare(ServerState& state) : state_(state) {}
    ~BodyShare() { state_.body_bytes.fetch_sub(held_, std::memory_order_relaxed); }
    BodyShare(const BodyShare&) = delete;
    BodyShare& operator=(const BodyShare&) = delete;

    /// False when the budget is spent. A body that is alone may always grow: one larger than the budget could never
    /// come.
    bool take(std::size_t bytes) {
        const auto now = state_.body_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
        if (now > state_.options.body_bytes_in_flight_max && now > held_ + bytes) {
            state_.body_bytes.fetch_sub(bytes, std::memory_order_relaxed);
            return false;
        }
        held_ += bytes;
        return true;
    }

private:
    ServerState& state_;
    std::size_t held_ = 0;
};

/// One thread with an event loop that serves the connections given to it. Members may be called from any thread.
class Loop : public TaskRunner {
public:
    static std::shared_ptr<Loop> start(std::shared_ptr<ServerState> state);

    /// Serves a connected, non-blocking socket from now on, and closes it in the end.
    virtual void add(int socket, std::string peer_address) = 0;

    virtual std::size_t connections() const = 0;

    /// Closes connections that wait for a request, and streams.
    virtual void drain() = 0;

    /// Breaks every connection off and ends the thread. Blocks; not from a handler. Late answers go nowhere.
    virtual void stop() = 0;
};

}  // namespace cairn::net
