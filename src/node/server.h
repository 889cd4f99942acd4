#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "identity/directory.h"
#include "node/config.h"

namespace cairn::node {

/// A running node: an engine behind its port, and a gateway in front of another service if one is configured.
class Server {
public:
    /// Opens the data directory, makes the root key if nobody can call yet, and listens. Blocks for the recovery.
    static Result<std::unique_ptr<Server>> start(const Config& config);

    virtual ~Server() = default;

    virtual std::string endpoint() const = 0;  ///< "http://127.0.0.1:4610"

    /// Of the gateway's listeners; empty without one.
    virtual std::vector<std::string> gateway_endpoints() const = 0;

    /// The root key made by this start, to be shown once.
    virtual const std::optional<identity::NewKey>& new_key() const = 0;

    /// Takes over what can change while it runs: the gateway's settings (GatewayWork::reload()), the legal holds of
    /// `config`, and the content of the TLS files. After an error what it is about, and what comes behind it, is as it
    /// was.
    virtual Result<void> reload(const Config& config) = 0;

    /// Takes no new requests, answers those that run (for up to `grace`), makes everything durable. Blocks.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace cairn::node
