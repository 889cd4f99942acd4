#include "gateway/service.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/host_names.h"

namespace cairn::gateway {

namespace {

bool matches(const Route& route, const Destination& to) {
    return matches_host(route.host, to.host) && matches_host(route.sni, to.sni) &&
           (route.scope_service.empty() || route.scope_service == to.scope_service);
}

}  // namespace

Result<std::shared_ptr<Service>> Service::open(GatewayOptions options, Lasting lasting) {
    std::shared_ptr<Service> service(new Service(std::move(options)));
    auto trusted = TrustedProxies::parse(service->options.trusted_proxies);
    if (!trusted) return fail(Code::invalid, "trusted_proxies: " + trusted.error().message);
    service->trusted_ = std::move(*trusted);
    CAIRN_TRY(service->open_upstreams(lasting.metrics));
    if (std::ranges::any_of(service->options.listeners, &ListenerOptions::forward))
        CAIRN_TRY(service->open_forward(lasting));
    for (const auto& listener : service->options.listeners) CAIRN_TRY(service->open_reception(listener, lasting));
    return service;
}

Result<void> Service::open_upstreams(Metrics& metrics) {
    for (const auto& upstream : options.upstreams) {
        auto opened = Upstream::open(upstream, options.mode, metrics);
        if (!opened) return fail(Code::invalid, fmt::format("upstream {}: {}", upstream.name, opened.error().message));
        upstreams_.push_back(std::move(*opened));
    }
    return {};
}

Result<void> Service::open_forward(const Lasting& lasting) {
    const auto& all = options.forward;
    if (all.intercept.empty()) return fail(Code::invalid, "intercept: a forward proxy needs names to intercept");
    for (const auto& pattern : all.intercept)
        if (!is_host_name(pattern.starts_with("*.") ? pattern.substr(2) : pattern))
            return fail(Code::invalid, fmt::format("intercept: \"{}\" is no name such as *.amazonaws.com", pattern));
    if (find_upstream(all.upstream.name) != nullptr)
        return fail(Code::invalid,
                    fmt::format("upstream {}: the hosts behind a forward proxy have this name", all.upstream.name));
    auto authority = CertificateAuthority::open(all.ca_folder, all.intercept, lasting.clock);
    if (!authority) return fail(std::move(authority).error());
    authority_ = std::move(*authority);
    auto hosts = HostUpstreams::open(all, options.mode, lasting.metrics);
    if (!hosts) return fail(std::move(hosts).error());
    hosts_ = std::move(*hosts);
    auto& metrics = lasting.metrics;
    const auto bytes = [&](const char* direction) -> Counter& {
        return metrics.counter("cairn_gateway_tunnel_bytes_total", "Bytes that went through tunnels",
                               {{"direction", direction}});
    };
    forward_ = std::unique_ptr<Forward>(new Forward{
        all, *authority_, *hosts_, lasting.unrecorded, lasting.open_tunnels,
        metrics.counter("cairn_gateway_intercepted_total", "CONNECTs to hosts whose calls are recorded"),
        metrics.counter("cairn_gateway_tunnels_total", "CONNECTs to other hosts: what went through is not recorded"),
        bytes("sent"), bytes("received")});
    return {};
}

Result<void> Service::open_reception(const ListenerOptions& listener, const Lasting& lasting) {
    if (listener.forward && (!listener.tls.empty() || !listener.routes.empty()))
        return fail(Code::invalid, "a listener of mode forward has neither certificates nor routes");
    for (const auto& route : listener.routes)
        if (find_upstream(route.upstream) == nullptr)
            return fail(Code::invalid, fmt::format("there is no upstream \"{}\"", route.upstream));
    receptions_.push_back(std::make_unique<Reception>(Reception{
        .shared = lasting.shared,
        .trusted = trusted_,
        .route = [this, &routes = listener.routes](const Destination& to) -> Upstream* {
            const auto found = std::ranges::find_if(routes, [&](const Route& route) { return matches(route, to); });
            return found == routes.end() ? nullptr : find_upstream(found->upstream);
        },
        .options = listener,
        .draining = draining_,
        .refused = lasting.refused,
        .forward = listener.forward ? forward_.get() : nullptr}));
    return {};
}

Result<std::vector<net::TlsContext>> Service::load_certificates(const GatewayOptions& options) {
    std::vector<net::TlsContext> all;
    for (const auto& listener : options.listeners) {
        all.emplace_back();
        if (listener.tls.empty()) continue;
        auto context = net::load_tls(listener.tls);
        if (!context) return fail(std::move(context).error());
        all.back() = std::move(*context);
    }
    return all;
}

void Service::refresh() {
    for (auto& upstream : upstreams_) upstream->refresh_or_warn();
}

Upstream* Service::find_upstream(std::string_view name) const {
    const auto found = std::ranges::find(
        upstreams_, name, [](const auto& upstream) -> std::string_view { return upstream->options.name; });
    return found == upstreams_.end() ? nullptr : found->get();
}

}  // namespace cairn::gateway
