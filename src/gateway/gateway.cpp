#include "gateway/gateway.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/session.h"
#include "net/listener.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t other_files = 1024;  // what the rest of the process may have open
constexpr std::chrono::seconds refresh_interval{30};

bool matches_host(std::string_view pattern, std::string_view host) {
    if (pattern.empty()) return true;
    if (!pattern.starts_with("*.")) return net::equal_names(pattern, host);
    const auto suffix = pattern.substr(1);
    return host.size() > suffix.size() && net::equal_names(host.substr(host.size() - suffix.size()), suffix);
}

bool matches(const Route& route, const Destination& to) {
    return matches_host(route.host, to.host) && matches_host(route.sni, to.sni) &&
           (route.scope_service.empty() || route.scope_service == to.scope_service);
}

/// One loop with its sessions. The members behind `loop` belong to its thread.
struct Worker {
    std::shared_ptr<EventLoop> loop = EventLoop::start();
    std::unique_ptr<LinkPool> pool;
    std::unordered_map<Session*, std::shared_ptr<Session>> sessions;
    std::atomic<std::size_t> connections{0};

    /// Runs `task` on the loop's thread and waits for it.
    template <class Task>
    void run(Task&& task) {
        std::atomic<bool> done{false};
        if (!loop->post([&] {
                task();
                done = true;
                done.notify_one();
            }))
            return;
        done.wait(false);
    }
};

class RunningGateway final : public Gateway {
public:
    RunningGateway(GatewayOptions options, Recorder& recorder, Metrics& metrics)
        : options_(std::move(options)),
          metrics_(metrics),
          copies_(options_.copies_bytes_max,
                  metrics.counter("cairn_gateway_uncopied_bodies_total",
                                  "Bodies that records lack because the memory for their copies was spent")),
          shared_{recorder, copies_, options_.mode,
                  metrics.counter("cairn_gateway_unrecordable_total",
                                  "Calls not made, or answers withheld, because records cannot be made durable"),
                  metrics.counter("cairn_gateway_late_records_total",
                                  "Records that were not durable at the first attempt, in mode observe")},
          refused_(metrics.counter("cairn_gateway_refused_total", "Requests that the gateway refused by itself")) {}

    ~RunningGateway() override { stop(std::chrono::milliseconds(0)); }

    Result<void> open() {
        auto trusted = TrustedProxies::parse(options_.trusted_proxies);
        if (!trusted) return fail(Code::invalid, "trusted_proxies: " + trusted.error().message);
        trusted_ = std::move(*trusted);
        for (const auto& upstream : options_.upstreams) {
            auto opened = Upstream::open(upstream, options_.mode, metrics_);
            if (!opened)
                return fail(Code::invalid, fmt::format("upstream {}: {}", upstream.name, opened.error().message));
            upstreams_.push_back(std::move(*opened));
        }
        for (const auto& listener : options_.listeners) CAIRN_TRY(open_listener(listener));
        net::allow_open_files(options_.connections_max, options_.connections_max + other_files);
        metrics_.gauge("cairn_gateway_connections", "Open connections of clients",
                       [count = connections_] { return static_cast<double>(count->load()); });
        for (int i = 0; i < std::max(1, options_.threads); ++i) {
            workers_.push_back(std::make_unique<Worker>());
            auto& worker = *workers_.back();
            worker.run([&] { worker.pool = std::make_unique<LinkPool>(*worker.loop); });
        }
        refresher_ = std::thread([this] { refresh(); });
        for (auto& place : places_)
            place->listener->run(
                [this, at = place.get()](int socket, std::string peer) { take(*at, socket, std::move(peer)); });
        return {};
    }

    std::vector<std::string> endpoints() const override {
        std::vector<std::string> all;
        for (const auto& place : places_) {
            const auto& host = place->options.host;
            all.push_back(fmt::format("{}://{}:{}", place->options.tls.empty() ? "http" : "https",
                                      host.find(':') == std::string::npos ? host : "[" + host + "]",
                                      place->listener->port()));
        }
        return all;
    }

    Result<void> reload_tls() override {
        for (auto& place : places_) {
            if (place->options.tls.empty()) continue;
            auto context = net::load_tls(place->options.tls);
            if (!context) return fail(std::move(context).error());
            std::lock_guard lock(mutex_);
            place->tls = std::move(*context);
        }
        return {};
    }

    void stop(std::chrono::milliseconds grace) override {
        if (std::exchange(stopped_, true)) return;
        draining_ = true;
        for (auto& place : places_) place->listener->stop();
        {
            std::lock_guard lock(mutex_);
            closing_ = true;
            changed_.notify_all();
        }
        if (refresher_.joinable()) refresher_.join();
        for (auto& worker : workers_)
            worker->loop->post([&worker = *worker] {
                std::vector<std::shared_ptr<Session>> idle;
                for (auto& [raw, session] : worker.sessions)
                    if (session->idle()) idle.push_back(session);
                for (auto& session : idle) session->end();
            });
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, grace, [&] { return connections_->load() == 0; });
        }
        for (auto& worker : workers_) {
            worker->run([&worker = *worker] {
                for (auto& [raw, session] : std::exchange(worker.sessions, {})) session->end();
                worker.pool.reset();
            });
            worker->loop->stop();
        }
    }

private:
    struct Place {
        ListenerOptions options;
        std::unique_ptr<net::Listener> listener;
        net::TlsContext tls;  // guarded by mutex_
        std::unique_ptr<Reception> reception;
    };

    Result<void> open_listener(const ListenerOptions& options) {
        auto place = std::make_unique<Place>();
        place->options = options;
        for (const auto& route : options.routes)
            if (find_upstream(route.upstream) == nullptr)
                return fail(Code::invalid, fmt::format("there is no upstream \"{}\"", route.upstream));
        if (!options.tls.empty()) {
            auto context = net::load_tls(options.tls);
            if (!context) return fail(std::move(context).error());
            place->tls = std::move(*context);
        }
        auto listener = net::Listener::open(options.host, options.port);
        if (!listener) return fail(std::move(listener).error());
        place->listener = std::move(*listener);
        place->reception = std::make_unique<Reception>(Reception{
            .shared = shared_,
            .trusted = trusted_,
            .route = [this, &routes = place->options.routes](const Destination& to) -> Upstream* {
                const auto found = std::ranges::find_if(routes, [&](const Route& route) { return matches(route, to); });
                return found == routes.end() ? nullptr : find_upstream(found->upstream);
            },
            .options = place->options,
            .draining = draining_,
            .refused = refused_});
        places_.push_back(std::move(place));
        return {};
    }

    Upstream* find_upstream(std::string_view name) const {
        const auto found = std::ranges::find(
            upstreams_, name, [](const auto& upstream) -> std::string_view { return upstream->options.name; });
        return found == upstreams_.end() ? nullptr : found->get();
    }

    /// On the thread of the listener.
    void take(Place& place, int socket, std::string peer) {
        if (connections_->load() >= options_.connections_max) {
            refused_.add();
            ::close(socket);
            return;
        }
        connections_->fetch_add(1);
        auto& worker = **std::ranges::min_element(
            workers_, {}, [](const auto& one) { return one->connections.load(std::memory_order_relaxed); });
        worker.connections.fetch_add(1);
        const bool posted = worker.loop->post([this, &place, &worker, socket, peer = std::move(peer)]() mutable {
            net::TlsContext tls;
            if (!place.options.tls.empty()) {
                std::lock_guard lock(mutex_);
                tls = place.tls;
            }
            auto session = std::make_shared<Session>(*worker.loop, *worker.pool, *place.reception, socket,
                                                     std::move(peer), tls, [this, &worker](Session& ended) {
                                                         worker.sessions.erase(&ended);
                                                         left(worker);
                                                     });
            worker.sessions.emplace(session.get(), session);
            session->channel_ready();
        });
        if (posted) return;
        ::close(socket);
        left(worker);
    }

    void left(Worker& worker) {
        worker.connections.fetch_sub(1);
        if (connections_->fetch_sub(1) != 1) return;
        std::lock_guard lock(mutex_);
        changed_.notify_all();
    }

    /// Names of upstreams may move to other addresses.
    void refresh() {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, refresh_interval, [&] { return closing_; })) {
            lock.unlock();
            for (auto& upstream : upstreams_) upstream->refresh();
            lock.lock();
        }
    }

    const GatewayOptions options_;
    Metrics& metrics_;
    CopyBudget copies_;
    Shared shared_;
    Counter& refused_;
    TrustedProxies trusted_;
    std::vector<std::unique_ptr<Upstream>> upstreams_;
    std::vector<std::unique_ptr<Place>> places_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<bool> draining_{false};
    bool stopped_ = false;

    // the gauge may outlive all of this
    const std::shared_ptr<std::atomic<std::size_t>> connections_ = std::make_shared<std::atomic<std::size_t>>(0);
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closing_ = false;  // guarded by mutex_
    std::thread refresher_;
};

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayOptions options, Recorder& recorder, Metrics& metrics) {
    auto gateway = std::make_unique<RunningGateway>(std::move(options), recorder, metrics);
    CAIRN_TRY(gateway->open());
    return gateway;
}

}  // namespace cairn::gateway
