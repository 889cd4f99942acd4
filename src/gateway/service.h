#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "gateway/forward.h"
#include "gateway/options.h"
#include "gateway/session.h"
#include "gateway/upstream.h"
#include "net/tls.h"
#include "seam/clock.h"

namespace cairn::gateway {

/// What calls are served by until the settings change: upstreams, routes, trusted proxies, what forward proxies have.
/// Connections that began with it end with it, so it outlives its sessions.
class Service {
public:
    /// What stays when settings change; outlives every service.
    struct Lasting {
        Shared& shared;      ///< of the options' mode
        Shared& unrecorded;  ///< of what a forward proxy passes on without recording it
        Counter& refused;
        std::atomic<std::size_t>& open_tunnels;
        Metrics& metrics;
        const Clock& clock;
    };

    /// Reads certificates and CA files, resolves names; blocks for it. Error: invalid, naming the option.
    static Result<std::shared_ptr<Service>> open(GatewayOptions options, Lasting lasting);

    const GatewayOptions options;

    /// Of a listener, by its place in the options.
    Reception& reception(std::size_t listener) { return *receptions_[listener]; }

    /// Certificates as they are in the files now, one for each listener; null: plain HTTP. Error: invalid.
    static Result<std::vector<net::TlsContext>> load_certificates(const GatewayOptions& options);

    /// The file that clients of forward proxies are to trust; empty: there are none.
    std::string authority_file() const { return authority_ ? authority_->certificate_file() : std::string(); }

    /// Every answer is the last one of its connection from now on.
    void drain() { draining_ = true; }

    /// Names of upstreams may have moved to other addresses. Blocks.
    void refresh();

private:
    explicit Service(GatewayOptions all) : options(std::move(all)) {}

    Result<void> open_upstreams(Metrics& metrics);
    Result<void> open_forward(const Lasting& lasting);
    Result<void> open_reception(const ListenerOptions& listener, const Lasting& lasting);
    Upstream* find_upstream(std::string_view name) const;

    TrustedProxies trusted_;
    std::vector<std::shared_ptr<Upstream>> upstreams_;
    std::unique_ptr<CertificateAuthority> authority_;
    std::unique_ptr<HostUpstreams> hosts_;
    std::unique_ptr<Forward> forward_;
    std::vector<std::unique_ptr<Reception>> receptions_;
    std::atomic<bool> draining_{false};
};

}  // namespace cairn::gateway
