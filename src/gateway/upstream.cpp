#include "gateway/upstream.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/host_names.h"

namespace cairn::gateway {

namespace {

std::vector<sockaddr_storage> resolve(const UpstreamAddress& address) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    std::vector<sockaddr_storage> found;
    if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &first) != 0) return found;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(first, ::freeaddrinfo);
    for (const auto* at = first; at != nullptr; at = at->ai_next) {
        sockaddr_storage place{};
        std::memcpy(&place, at->ai_addr, at->ai_addrlen);
        found.push_back(place);
    }
    return found;
}

socklen_t size_of(const sockaddr_storage& address) {
    return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

int begin_to_connect(const sockaddr_storage& address) {
    const int socket = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return -1;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), size_of(address)) == 0 || errno == EINPROGRESS)
        return socket;
    ::close(socket);
    return -1;
}

bool is_address(const std::string& host) {
    return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

Result<UpstreamAddress> parse_upstream_url(std::string_view url) {
    const auto refuse = [&](std::string_view why) { return fail(Code::invalid, fmt::format("\"{}\" {}", url, why)); };
    UpstreamAddress address;
    auto rest = url;
    if (rest.starts_with("http://"))
        rest.remove_prefix(7);
    else if (rest.starts_with("https://"))
        rest.remove_prefix(8), address.tls = true;
    else
        return refuse("is not a URL that begins with http:// or https://");
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find_first_of("/?#@") != std::string_view::npos)
        return refuse("has more than a host and a port: paths are signed and cannot be changed on the way");
    address.port = address.tls ? 443 : 80;
    const auto bracket = rest.find(']');
    const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        const auto digits = rest.substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
        if (error != std::errc() || end != digits.data() + digits.size() || address.port == 0)
            return refuse("does not end in a port of 1 to 65535");
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty()) return refuse("names no host");
    address.host = rest;
    return address;
}

Upstream::Upstream(UpstreamOptions given, Way way, Mode mode, Metrics& metrics)
    : options(std::move(given)),
      address(std::move(way.server)),
      connections(metrics.counter("cairn_gateway_upstream_connections_total", "Connections opened to an upstream",
                                  {{"upstream", options.name}})),
      reused(metrics.counter("cairn_gateway_upstream_reused_total", "Calls that went over an open connection",
                             {{"upstream", options.name}})),
      retries(metrics.counter("cairn_gateway_retries_total", "Calls sent again because an idle connection had closed",
                              {{"upstream", options.name}})),
      unreachable(metrics.counter("cairn_gateway_upstream_errors_total", "Calls that an upstream did not answer",
                                  {{"upstream", options.name}, {"reason", "unreachable"}})),
      resets(metrics.counter("cairn_gateway_upstream_errors_total", "Calls that an upstream did not answer",
                             {{"upstream", options.name}, {"reason", "reset"}})),
      time_outs(metrics.counter("cairn_gateway_upstream_errors_total", "Calls that an upstream did not answer",
                                {{"upstream", options.name}, {"reason", "timeout"}})),
      cut_answers(metrics.counter("cairn_gateway_cut_answers_total", "Answers that ended before their body did",
                                  {{"upstream", options.name}})),
      gone_clients(metrics.counter("cairn_gateway_gone_clients_total",
                                   "Requests that were not complete when their client left: no record is made of them",
                                   {{"upstream", options.name}})),
      received_bytes(metrics.counter("cairn_gateway_request_body_bytes_total", "Bytes of request bodies",
                                     {{"upstream", options.name}})),
      sent_bytes(metrics.counter("cairn_gateway_response_body_bytes_total", "Bytes of response bodies",
                                 {{"upstream", options.name}})),
      seconds(metrics.histogram("cairn_gateway_seconds", "Head of a request to the end of its answer",
                                {{"upstream", options.name}})),
      dialled_(std::move(way.dialled)),
      local_too_(way.local_too),
      tls_(std::move(way.tls)) {
    for (std::size_t i = 0; i < 6; ++i)
        calls_[i] = &metrics.counter("cairn_gateway_calls_total", "Calls answered, by class of status",
                                     {{"upstream", options.name},
                                      {"mode", std::string(name_of(mode))},
                                      {"code", i == 0 ? "none" : fmt::format("{}xx", i)}});
}

Result<std::shared_ptr<Upstream>> Upstream::open(UpstreamOptions options, Mode mode, Metrics& metrics) {
    auto address = parse_upstream_url(options.url);
    if (!address) return fail(std::move(address).error());
    Way way{.server = *address, .dialled = *address, .local_too = true};
    if (address->tls) {
        auto context = net::load_client_tls({options.ca_file, options.verify_tls});
        if (!context) return fail(std::move(context).error());
        way.tls = std::move(*context);
    }
    auto upstream = make(std::move(options), std::move(way), mode, metrics);
    upstream->refresh_or_warn();
    return upstream;
}

void Upstream::refresh_or_warn() {
    if (!refresh())
        log_warning("the name of an upstream cannot be resolved",
                    {{"upstream", options.name}, {"host", dialled_.host}});
}

std::shared_ptr<Upstream> Upstream::make(UpstreamOptions options, Way way, Mode mode, Metrics& metrics) {
    return std::shared_ptr<Upstream>(new Upstream(std::move(options), std::move(way), mode, metrics));
}

bool Upstream::refresh() {
    {
        std::lock_guard lock(mutex_);
        if (!addresses_.empty() && is_address(dialled_.host)) return true;
    }
    auto found = resolve(dialled_);
    if (found.empty()) return false;
    if (!local_too_) std::erase_if(found, is_local);
    std::lock_guard lock(mutex_);
    only_local_ = found.empty();
    addresses_ = std::move(found);
    return true;
}

std::vector<sockaddr_storage> Upstream::addresses() const {
    std::lock_guard lock(mutex_);
    return addresses_;
}

bool Upstream::only_local() const {
    std::lock_guard lock(mutex_);
    return only_local_;
}

Link::Link(EventLoop& loop, Upstream& of, int socket)
    : upstream(of),
      upstream_alive(of.shared_from_this()),
      channel(loop, socket, net::Transport(socket, of.tls(), of.address.host, of.options.verify_tls), this),
      since(loop.now()) {}

std::shared_ptr<Link> Link::connect(EventLoop& loop, Upstream& upstream, std::size_t place) {
    const auto addresses = upstream.addresses();
    if (place >= addresses.size()) return nullptr;
    const int socket = begin_to_connect(addresses[place]);
    if (socket < 0) return nullptr;
    upstream.connections.add();
    return std::make_shared<Link>(loop, upstream, socket);
}

Link::State Link::state() {
    if (state_ != State::connecting) return state_;
    if (!connected_) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        if (::getpeername(channel.socket(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
            int error = 0;
            size = sizeof error;
            ::getsockopt(channel.socket(), SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) state_ = State::failed;
            return state_;
        }
        connected_ = true;
    }
    if (channel.handshake())
        state_ = State::open;
    else if (channel.broken())
        state_ = State::failed;
    return state_;
}

/// An idle connection has nothing to say: whatever comes is its end.
bool LinkPool::is_dead(Link& link) {
    char byte;
    if (link.channel.read(&byte, 1) > 0) return true;
    return link.channel.ended() || link.channel.broken();
}

std::shared_ptr<Link> LinkPool::take(Upstream& upstream) {
    for (auto at = idle_.end(); at != idle_.begin();) {
        --at;
        if (&(*at)->upstream != &upstream) continue;
        auto link = std::move(*at);
        at = idle_.erase(at);
        if (is_dead(*link)) {
            loop_.bury(std::move(link));
            continue;
        }
        link->reused = true;
        upstream.reused.add();
        return link;
    }
    return nullptr;
}

void LinkPool::give(std::shared_ptr<Link> link) {
    link->user = nullptr;
    link->since = loop_.now();
    if (idle_.size() >= idle_max || is_dead(*link)) return loop_.bury(std::move(link));
    idle_.push_back(std::move(link));
}

void LinkPool::tick(Moment now) {
    std::erase_if(idle_, [&](auto& link) {
        if (now - link->since < link->upstream.options.idle_timeout && !is_dead(*link)) return false;
        loop_.bury(std::move(link));
        return true;
    });
}

}  // namespace cairn::gateway
