#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "gateway/gateway.h"
#include "gateway/key_book.h"
#include "gateway/record_sink.h"
#include "net/http_server.h"
#include "node/config.h"

namespace cairn::node {

/// Is a gateway configured at all?
bool has_gateway(const Config& config);

/// What `[gateway]` says, as the gateway takes it. Error: invalid, naming the key.
Result<gateway::GatewayOptions> gateway_options(const Config& config);

/// The file with the certificate that clients of forward proxies are to trust, made with its key if it is not there.
/// Errors: those of CertificateAuthority::open().
Result<std::string> gateway_certificate(const Config& config);

/// Records into the cairn that `gateway.cairn` names, by way of `gateway.spool` if there is one. `metrics` outlives it.
/// Errors: invalid, when no cairn is named; conflict, when another process has the spool; those of the disk.
Result<std::unique_ptr<gateway::RecordSink>> make_remote_sink(const Config& config, Metrics& metrics);

/// /metrics and /healthz at `gateway.metrics`; null when that is empty. Errors: invalid, unavailable (an address in
/// use).
Result<std::unique_ptr<net::HttpServer>> serve_metrics(const Config& config, Metrics& metrics);

/// A gateway with the recorder behind it.
class GatewayWork {
public:
    /// `book`, `sink` and `metrics` outlive it. The journal of intents is in `folder`, of which the process has the
    /// lock; empty: there is none, and no mode `intent`. Errors: invalid, those of the journal, of Gateway::start() and
    /// of the identity file.
    static Result<std::unique_ptr<GatewayWork>> start(const Config& config, const std::string& folder,
                                                      gateway::KeyBook& book, gateway::RecordSink& sink,
                                                      Metrics& metrics);
    virtual ~GatewayWork() = default;

    virtual std::vector<std::string> endpoints() const = 0;
    /// Takes over what `[gateway]` says now, as Gateway::reload() does; the identity file is that of the start. Error:
    /// invalid; then everything stays as it was.
    virtual Result<void> reload(const Config& config) = 0;

    /// Lets calls come to their end, then their records. Blocks.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace cairn::node
