#include "net/loop.h"

#include <algorithm>
#include <utility>

namespace cairn::net {

ServerState::ServerState(ServerOptions given, Handler answer, BodyLimit limit, Metrics& metrics)
    : options(std::move(given)),
      handler(std::move(answer)),
      body_limit(std::move(limit)),
      bytes_received(metrics.counter("cairn_http_received_bytes_total", "Bytes of request heads and bodies")),
      bytes_sent(metrics.counter("cairn_http_sent_bytes_total", "Bytes of response heads and bodies")),
      connections_(std::make_shared<std::atomic<std::size_t>>(0)) {
    for (std::size_t i = 0; i < requests_.size(); ++i)
        requests_[i] = &metrics.counter("cairn_http_requests_total", "Requests answered, by class of status",
                                        {{"code", std::to_string(std::max<std::size_t>(i, 1)) + "xx"}});
}

void ServerState::show_connections(Metrics& metrics, const std::string& listener) const {
    metrics.gauge("cairn_http_connections", "Open connections",
                  [open = connections_] { return static_cast<double>(open->load(std::memory_order_relaxed)); },
                  {{"listener", listener}});
}

TlsContext ServerState::tls() const {
    std::lock_guard lock(mutex_);
    return tls_;
}

void ServerState::set_tls(TlsContext context) {
    std::lock_guard lock(mutex_);
    tls_ = std::move(context);
}

void ServerState::connection_closed() {
    if (connections_->fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::lock_guard lock(mutex_);
    empty_.notify_all();
}

void ServerState::wait_until_empty(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    empty_.wait_for(lock, patience, [&] { return connections() == 0; });
}

}  // namespace cairn::net
