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
#include "gateway/forward.h"
#include "gateway/host_names.h"
#include "gateway/session.h"
#include "net/listener.h"
#include "seam/clock.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t other_files = 1024;  // what the rest of the process may have open
constexpr std::chrono::seconds refresh_interval{30};

class WallClock final : public Clock {
public:
    Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

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
          shared_{recorder,
                  copies_,
                  options_.mode,
                  options_.intent_reads,
                  metrics.counter("cairn_gateway_unrecordable_total",
                                  "Calls not made, or answers withheld, because records cannot be made durable"),
                  metrics.counter("cairn_gateway_late_records_total",
                                  "Records of answers given already that were not durable at the first attempt")},
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
        if (std::ranges::any_of(options_.listeners, &ListenerOptions::forward)) CAIRN_TRY(open_forward());
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
        for (const auto& place : places_) all.push_back(place->endpoint());
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

        std::string endpoint() const {
            return fmt::format("{}://{}:{}", options.tls.empty() ? "http" : "https",
                               options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]",
                               listener->port());
        }
    };

    /// What forward proxies have and others do not.
    Result<void> open_forward() {
        const auto& options = options_.forward;
        if (options.intercept.empty())
            return fail(Code::invalid, "intercept: a forward proxy needs names to intercept");
        for (const auto& pattern : options.intercept)
            if (!is_host_name(pattern.starts_with("*.") ? pattern.substr(2) : pattern))
                return fail(Code::invalid,
                            fmt::format("intercept: \"{}\" is no name such as *.amazonaws.com", pattern));
        if (find_upstream(options.upstream.name) != nullptr)
            return fail(Code::invalid, fmt::format("upstream {}: the hosts behind a forward proxy have this name",
                                                   options.upstream.name));
        auto authority = CertificateAuthority::open(options.ca_folder, options.intercept, clock_);
        if (!authority) return fail(std::move(authority).error());
        authority_ = std::move(*authority);
        auto hosts = HostUpstreams::open(options, options_.mode, metrics_);
        if (!hosts) return fail(std::move(hosts).error());
        hosts_ = std::move(*hosts);
        unrecorded_ = std::make_unique<Shared>(
            Shared{no_recorder_, copies_, Mode::observe, false, shared_.not_recordable, shared_.not_recorded});
        const auto bytes = [&](const char* direction) -> Counter& {
            return metrics_.counter("cairn_gateway_tunnel_bytes_total", "Bytes that went through tunnels",
                                    {{"direction", direction}});
        };
        forward_ = std::unique_ptr<Forward>(new Forward{
            options, *authority_, *hosts_, *unrecorded_, *open_tunnels_,
            metrics_.counter("cairn_gateway_intercepted_total", "CONNECTs to hosts whose calls are recorded"),
            metrics_.counter("cairn_gateway_tunnels_total",
                             "CONNECTs to other hosts: what went through is not recorded"),
            bytes("sent"), bytes("received")});
        metrics_.gauge("cairn_gateway_tunnels", "Open tunnels",
                       [count = open_tunnels_] { return static_cast<double>(count->load()); });
        return {};
    }

    Result<void> open_listener(const ListenerOptions& options) {
        if (options.forward && (!options.tls.empty() || !options.routes.empty()))
            return fail(Code::invalid, "a listener of mode forward has neither certificates nor routes");
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
            .refused = refused_,
            .forward = options.forward ? forward_.get() : nullptr});
        if (options.forward)
            log_info("the gateway is a forward proxy; clients go through it with these variables",
                     {{"AWS_CA_BUNDLE", authority_->certificate_file()}, {"HTTPS_PROXY", place->endpoint()}});
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
            for (auto& upstream : upstreams_) upstream->refresh_or_warn();
            lock.lock();
        }
    }

    const GatewayOptions options_;
    Metrics& metrics_;
    CopyBudget copies_;
    Shared shared_;
    Counter& refused_;
    TrustedProxies trusted_;
    std::vector<std::shared_ptr<Upstream>> upstreams_;
    const WallClock clock_;
    NoRecorder no_recorder_;
    const std::shared_ptr<std::atomic<std::size_t>> open_tunnels_ = std::make_shared<std::atomic<std::size_t>>(0);
    std::unique_ptr<CertificateAuthority> authority_;
    std::unique_ptr<HostUpstreams> hosts_;
    std::unique_ptr<Shared> unrecorded_;
    std::unique_ptr<Forward> forward_;
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

std::string_view name_of(Mode mode) {
    switch (mode) {
        case Mode::observe: return "observe";
        case Mode::closed: return "closed";
        case Mode::intent: return "intent";
    }
    return "";
}

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayOptions options, Recorder& recorder, Metrics& metrics) {
    auto gateway = std::make_unique<RunningGateway>(std::move(options), recorder, metrics);
    CAIRN_TRY(gateway->open());
    return gateway;
}

}  // namespace cairn::gateway
