#include "gateway/host_upstreams.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/tls.h"

namespace cairn::gateway {

namespace {

Moment steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Result<HostUpstreams::Redirection> HostUpstreams::parse(std::string_view text) {
    Redirection read;
    auto rest = text;
    if (const auto equals = rest.find('='); equals != std::string_view::npos) {
        read.pattern = rest.substr(0, equals);
        rest.remove_prefix(equals + 1);
    }
    const bool has_scheme = rest.find("://") != std::string_view::npos;
    auto to = parse_upstream_url(has_scheme ? std::string(rest) : "http://" + std::string(rest));
    if (!to) return fail(Code::invalid, fmt::format("connect_to: \"{}\" is not [PATTERN=][SCHEME://]HOST:PORT", text));
    read.to = std::move(*to);
    if (has_scheme) read.tls = read.to.tls;
    return read;
}

Result<std::unique_ptr<HostUpstreams>> HostUpstreams::open(const ForwardOptions& options, Mode mode, Metrics& metrics) {
    std::vector<Redirection> redirections;
    for (const auto& text : options.connect_to) {
        auto read = parse(text);
        if (!read) return fail(std::move(read).error());
        redirections.push_back(std::move(*read));
    }
    auto tls = net::load_client_tls({options.upstream.ca_file, options.upstream.verify_tls});
    if (!tls) return fail(std::move(tls).error());
    return std::unique_ptr<HostUpstreams>(
        new HostUpstreams(options, std::move(redirections), std::move(*tls), mode, metrics));
}

HostUpstreams::HostUpstreams(const ForwardOptions& options, std::vector<Redirection> redirections, net::TlsContext tls,
                             Mode mode, Metrics& metrics)
    : options_(options), redirections_(std::move(redirections)), tls_(std::move(tls)), mode_(mode), metrics_(metrics) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

HostUpstreams::~HostUpstreams() {
    std::deque<Task> left;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(tasks_);
        changed_.notify_all();
    }
    for (auto& task : left) task(false);
    for (auto& thread : threads_) thread.join();
}

std::shared_ptr<Upstream> HostUpstreams::find(const Asked& asked) {
    std::shared_ptr<Upstream> upstream;
    {
        std::lock_guard lock(mutex_);
        const auto found = known_.find(asked);
        if (found == known_.end()) return nullptr;
        upstream = found->second.upstream;
        const auto now = found->second.used = steady_now();
        if (now - found->second.resolved < refresh_interval) return upstream;
        found->second.resolved = now;
    }
    Task again = [upstream](bool wanted) {
        if (wanted) upstream->refresh();
    };
    post(again);
    return upstream;
}

void HostUpstreams::look_up(Asked asked, Found found) {
    Task task = [this, asked = std::move(asked), found = std::move(found)](bool wanted) mutable {
        if (!wanted) return found(nullptr);
        auto made = make(asked);
        made->refresh();
        found(made->addresses().empty() ? std::move(made) : keep(asked, std::move(made)));
    };
    if (!post(task)) task(false);
}

/// False when there is no room; then the task is still the caller's.
bool HostUpstreams::post(Task& task) {
    std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= waiting_max) return false;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

void HostUpstreams::work() {
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
            if (stopping_) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task(true);
    }
}

std::shared_ptr<Upstream> HostUpstreams::make(const Asked& asked) const {
    Upstream::Way way;
    way.server = way.dialled = {asked.place.tls, asked.place.host, asked.place.port};
    way.local_too = options_.tunnel_local;
    UpstreamOptions of = options_.upstream;
    if (!asked.recorded) {
        of.name = "other";
        of.calls = {};
        of.forward_client_ip = false;
        return Upstream::make(std::move(of), std::move(way), mode_, metrics_);
    }
    const auto redirection = std::ranges::find_if(
        redirections_, [&](const auto& one) { return matches_host(one.pattern, asked.place.host); });
    if (redirection != redirections_.end()) {
        way.dialled = redirection->to;
        way.server.tls = redirection->tls.value_or(asked.place.tls);
        way.local_too = true;
    }
    if (way.server.tls) way.tls = tls_;
    return Upstream::make(std::move(of), std::move(way), mode_, metrics_);
}

/// The upstream that all use from now on: another thread may have been faster.
std::shared_ptr<Upstream> HostUpstreams::keep(const Asked& asked, std::shared_ptr<Upstream> made) {
    std::lock_guard lock(mutex_);
    if (const auto found = known_.find(asked); found != known_.end()) return found->second.upstream;
    if (known_.size() >= upstreams_max)
        known_.erase(std::ranges::min_element(known_, {}, [](const auto& one) { return one.second.used; }));
    const auto now = steady_now();
    known_.emplace(asked, Known{made, now, now});
    return made;
}

}  // namespace cairn::gateway
