#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "gateway/options.h"
#include "gateway/recorder.h"

namespace cairn::gateway {

/// The recording proxy, reverse or forward: forwards each call byte for byte, and has a record made of it. HTTP/1.1
/// over TCP or TLS; docs/gateway.md.
class Gateway {
public:
    /// Listens at once. `recorder` and `metrics` outlive it. Errors: invalid (an option, named), unavailable (an
    /// address in use).
    static Result<std::unique_ptr<Gateway>> start(GatewayOptions options, Recorder& recorder, Metrics& metrics);

    /// Stops as stop(0) does.
    virtual ~Gateway() = default;

    /// "http://127.0.0.1:4611" for each listener, in order.
    virtual std::vector<std::string> endpoints() const = 0;

    /// Takes over changed settings: what is not listened at any more ends, what is new begins, and each connection that
    /// is open ends after the call it is at, which goes on as it began. With the same settings only certificates and
    /// keys are read anew, and open connections keep the old ones. `threads`, `connections_max` and `copies_bytes_max`
    /// stay as they were. Errors: those of start(); then everything stays as it was. For one thread; blocks.
    virtual Result<void> reload(GatewayOptions options) = 0;

    /// Takes no new connections, lets calls come to their end for up to `grace`, then breaks them off. Blocks.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace cairn::gateway
