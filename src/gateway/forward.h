#pragma once

#include <atomic>
#include <cstddef>

#include "base/metrics.h"
#include "gateway/certificate_authority.h"
#include "gateway/exchange.h"
#include "gateway/host_upstreams.h"
#include "gateway/options.h"
#include "gateway/recorder.h"

namespace cairn::gateway {

/// Remembers nothing: for what a forward proxy passes on without recording it.
class NoRecorder final : public Recorder {
public:
    CopyLimits limits(const net::Request&, const wire::Classified*, const net::Response*) const override { return {}; }
    void record(Call, Done done) override { done({}); }
    void intend(Call, Intended done) override { done(Uuid()); }
    void record_head(Call, Begun done) override { done(std::nullopt); }
    void forget(const Uuid&) override {}
    bool accepting() const override { return true; }
};

/// What the sessions of a gateway's forward proxies share; outlives them.
struct Forward {
    const ForwardOptions& options;
    CertificateAuthority& authority;
    HostUpstreams& hosts;
    Shared& unrecorded;
    std::atomic<std::size_t>& open_tunnels;
    Counter &intercepted, &tunnels, &sent_bytes, &received_bytes;
};

}  // namespace cairn::gateway
