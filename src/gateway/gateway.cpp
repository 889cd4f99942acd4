#include "gateway/gateway.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <thread>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/service.h"
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

/// One loop with its sessions. The members behind `loop` belong to its thread.
struct Worker {
    struct Served {
        std::shared_ptr<Session> session;
        std::shared_ptr<Service> by;
    };

    std::shared_ptr<EventLoop> loop = EventLoop::start();
    std::unique_ptr<LinkPool> pool;
    std::unordered_map<Session*, Served> sessions;
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

    /// Has sessions that wait for a request look whether their service drains. A request that is there is answered.
    void wake_idle() {
        std::vector<std::shared_ptr<Session>> idle;
        for (auto& [raw, served] : sessions)
            if (served.session->idle()) idle.push_back(served.session);
        for (auto& session : idle) session->channel_ready();
    }
};

class RunningGateway final : public Gateway {
public:
    RunningGateway(const GatewayOptions& options, Recorder& recorder, Metrics& metrics)
        : metrics_(metrics),
          threads_(std::max(1, options.threads)),
          connections_max_(options.connections_max),
          copies_(options.copies_bytes_max,
                  metrics.counter("cairn_gateway_uncopied_bodies_total",
                                  "Bodies that records lack because the memory for their copies was spent")),
          not_recordable_(
              metrics.counter("cairn_gateway_unrecordable_total",
                              "Calls not made, or answers withheld, because records cannot be made durable")),
          not_recorded_(metrics.counter("cairn_gateway_late_records_total",
                                        "Records of answers given already that were not durable at the first attempt")),
          recorder_(recorder),
          unrecorded_{no_recorder_, copies_, Mode::observe, false, not_recordable_, not_recorded_},
          refused_(metrics.counter("cairn_gateway_refused_total", "Requests that the gateway refused by itself")) {}

    ~RunningGateway() override { stop(std::chrono::milliseconds(0)); }

    Result<void> open(GatewayOptions options) {
        CAIRN_TRY(serve(std::move(options)));
        net::allow_open_files(connections_max_, connections_max_ + other_files);
        metrics_.gauge("cairn_gateway_connections", "Open connections of clients",
                       [count = connections_] { return static_cast<double>(count->load()); });
        if (!service_->authority_file().empty()) show_tunnels();
        for (int i = 0; i < threads_; ++i) {
            workers_.push_back(std::make_unique<Worker>());
            auto& worker = *workers_.back();
            worker.run([&] { worker.pool = std::make_unique<LinkPool>(*worker.loop); });
        }
        refresher_ = std::thread([this] { refresh(); });
        for (auto& place : places_) run(*place);
        return {};
    }

    std::vector<std::string> endpoints() const override {
        std::lock_guard lock(mutex_);
        std::vector<std::string> all;
        for (const auto& place : places_) all.push_back(place->endpoint());
        return all;
    }

    Result<void> reload(GatewayOptions options) override {
        options.threads = service_->options.threads;
        options.connections_max = service_->options.connections_max;
        options.copies_bytes_max = service_->options.copies_bytes_max;
        if (options == service_->options) return reload_certificates();
        const auto before = service_;
        std::vector<Place*> known;
        for (const auto& place : places_) known.push_back(place.get());
        CAIRN_TRY(serve(std::move(options)));
        if (before->authority_file().empty() && !service_->authority_file().empty()) show_tunnels();
        for (auto& place : places_)
            if (std::ranges::find(known, place.get()) == known.end()) run(*place);
        before->drain();
        for (auto& worker : workers_) worker->loop->post([&worker = *worker] { worker.wake_idle(); });
        return {};
    }

    void stop(std::chrono::milliseconds grace) override {
        if (std::exchange(stopped_, true)) return;
        if (service_) service_->drain();
        for (auto& place : places_) place->listener->stop();
        {
            std::lock_guard lock(mutex_);
            closing_ = true;
            changed_.notify_all();
        }
        if (refresher_.joinable()) refresher_.join();
        for (auto& worker : workers_) worker->loop->post([&worker = *worker] { worker.wake_idle(); });
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, grace, [&] { return connections_->load() == 0; });
        }
        for (auto& worker : workers_) {
            worker->run([&worker = *worker] {
                for (auto& [raw, served] : std::exchange(worker.sessions, {})) served.session->end();
                worker.pool.reset();
            });
            worker->loop->stop();
        }
    }

private:
    /// One listener. What it serves by changes with the settings, the rest does not.
    struct Place {
        std::string host;
        std::uint16_t port = 0;  // as asked for
        bool forward = false;
        std::unique_ptr<net::Listener> listener;

        // guarded by mutex_
        std::shared_ptr<Service> service;
        std::size_t number = 0;  // of its options
        net::TlsContext tls;

        bool is_of(const ListenerOptions& options) const {
            return host == options.host && port == options.port && forward == options.forward;
        }
        std::string endpoint() const {
            return fmt::format("{}://{}:{}", tls ? "https" : "http",
                               host.find(':') == std::string::npos ? host : "[" + host + "]", listener->port());
        }
    };

    /// New connections are served by `options`: on listeners that are there already, new ones, and no others.
    Result<void> serve(GatewayOptions options) {
        auto& shared = shared_of(options.mode, options.intent_reads);
        auto opened =
            Service::open(std::move(options), {shared, unrecorded_, refused_, *open_tunnels_, metrics_, clock_});
        if (!opened) return fail(std::move(opened).error());
        const auto& listeners = (*opened)->options.listeners;
        auto certificates = Service::load_certificates((*opened)->options);
        if (!certificates) return fail(std::move(certificates).error());

        auto going = places_;
        std::vector<std::shared_ptr<Place>> places;
        for (const auto& listener : listeners) {
            const auto known = std::ranges::find_if(going, [&](const auto& place) { return place->is_of(listener); });
            if (known != going.end()) {
                places.push_back(std::move(*known));
                going.erase(known);
                continue;
            }
            auto bound = net::Listener::open(listener.host, listener.port);
            if (!bound) return fail(std::move(bound).error());
            places.push_back(std::make_shared<Place>(
                Place{listener.host, listener.port, listener.forward, std::move(*bound), {}, 0, {}}));
        }
        take_over(std::move(*opened), std::move(places), *certificates);
        for (const auto& place : going) place->listener.reset();  // blocks until its thread has ended
        former_places_.insert(former_places_.end(), going.begin(), going.end());
        return {};
    }

    void take_over(std::shared_ptr<Service> service, std::vector<std::shared_ptr<Place>> places,
                   std::vector<net::TlsContext>& certificates) {
        std::lock_guard lock(mutex_);
        for (const auto& place : places_) place->service.reset();
        for (std::size_t i = 0; i < places.size(); ++i) {
            places[i]->service = service;
            places[i]->number = i;
            places[i]->tls = std::move(certificates[i]);
            if (!places[i]->forward) continue;
            log_info("the gateway is a forward proxy; clients go through it with these variables",
                     {{"AWS_CA_BUNDLE", service->authority_file()}, {"HTTPS_PROXY", places[i]->endpoint()}});
        }
        places_ = std::move(places);
        if (service_) former_.push_back(service_);
        service_ = std::move(service);
    }

    Result<void> reload_certificates() {
        auto certificates = Service::load_certificates(service_->options);
        if (!certificates) return fail(std::move(certificates).error());
        std::lock_guard lock(mutex_);
        for (const auto& place : places_) place->tls = std::move((*certificates)[place->number]);
        return {};
    }

    void show_tunnels() {
        metrics_.gauge("cairn_gateway_tunnels", "Open tunnels",
                       [count = open_tunnels_] { return static_cast<double>(count->load()); });
    }

    /// Kept to the end: a call may refer to what it began with.
    Shared& shared_of(Mode mode, bool intent_reads) {
        const auto found = std::ranges::find_if(
            shared_, [&](const Shared& one) { return one.mode == mode && one.intent_reads == intent_reads; });
        if (found != shared_.end()) return *found;
        return shared_.emplace_back(Shared{recorder_, copies_, mode, intent_reads, not_recordable_, not_recorded_});
    }

    void run(Place& place) {
        place.listener->run([this, &place](int socket, std::string peer) { take(place, socket, std::move(peer)); });
    }

    /// On the thread of the listener.
    void take(Place& place, int socket, std::string peer) {
        if (connections_->load() >= connections_max_) {
            refused_.add();
            ::close(socket);
            return;
        }
        connections_->fetch_add(1);
        auto& worker = **std::ranges::min_element(
            workers_, {}, [](const auto& one) { return one->connections.load(std::memory_order_relaxed); });
        worker.connections.fetch_add(1);
        const bool posted = worker.loop->post([this, &place, &worker, socket, peer = std::move(peer)]() mutable {
            std::unique_lock lock(mutex_);
            const auto service = place.service;
            const auto number = place.number;
            const auto tls = place.tls;
            lock.unlock();
            if (!service) {  // the listener went meanwhile
                ::close(socket);
                return left(worker);
            }
            auto session = std::make_shared<Session>(*worker.loop, *worker.pool, service->reception(number), socket,
                                                     std::move(peer), tls,
                                                     [this, &worker](Session& ended) { forget(worker, ended); });
            worker.sessions.emplace(session.get(), Worker::Served{session, service});
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

    void forget(Worker& worker, Session& ended) {
        const auto found = worker.sessions.find(&ended);
        if (found != worker.sessions.end()) {
            worker.loop->bury(std::move(found->second.by));  // behind the session, which refers to it
            worker.sessions.erase(found);
        }
        left(worker);
    }

    /// Former services without a connection. With mutex_; they end where it is not held, for that may block.
    std::vector<std::shared_ptr<Service>> let_go() {
        const auto used =
            std::partition(former_.begin(), former_.end(), [](const auto& one) { return one.use_count() > 1; });
        std::vector<std::shared_ptr<Service>> unused;
        std::move(used, former_.end(), std::back_inserter(unused));
        former_.erase(used, former_.end());
        return unused;
    }

    /// Names of upstreams may move to other addresses.
    void refresh() {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, refresh_interval, [&] { return closing_; })) {
            const auto service = service_;
            auto unused = let_go();
            lock.unlock();
            service->refresh();
            unused.clear();
            lock.lock();
        }
    }

    Metrics& metrics_;
    const int threads_;
    const std::size_t connections_max_;
    CopyBudget copies_;
    Counter &not_recordable_, &not_recorded_;
    Recorder& recorder_;
    NoRecorder no_recorder_;
    std::list<Shared> shared_;  // one for each mode that there was
    Shared unrecorded_;
    Counter& refused_;
    const WallClock clock_;
    const std::shared_ptr<std::atomic<std::size_t>> open_tunnels_ = std::make_shared<std::atomic<std::size_t>>(0);
    std::vector<std::shared_ptr<Place>> places_;         // changed with mutex_, by who reloads
    std::vector<std::shared_ptr<Place>> former_places_;  // their last connections may still come in
    std::vector<std::unique_ptr<Worker>> workers_;
    bool stopped_ = false;

    // the gauge may outlive all of this
    const std::shared_ptr<std::atomic<std::size_t>> connections_ = std::make_shared<std::atomic<std::size_t>>(0);
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Service> service_;              // guarded by mutex_, as all below
    std::vector<std::shared_ptr<Service>> former_;  // that connections may still have
    bool closing_ = false;
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
    auto gateway = std::make_unique<RunningGateway>(options, recorder, metrics);
    CAIRN_TRY(gateway->open(std::move(options)));
    return gateway;
}

}  // namespace cairn::gateway
