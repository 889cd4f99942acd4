#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "api/parts.h"
#include "net/http.h"

namespace cairn::api {

/// The one port's dispatcher (docs/api.md): the control plane of CloudTrail (awsJson1.1), PutAuditEvents (restJson),
/// GetCallerIdentity (awsQuery), cairn's own calls (/ingest, /v1/), /metrics, /healthz and /readyz. A request goes to
/// the service of its credential scope, else to that of X-Amz-Target, else by the first segment of its path.
class Api {
public:
    Api(Parts parts, Settings settings);

    /// Ends streams and waits, finishes what was begun, and waits for own calls to be recorded.
    ~Api();

    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// Answers one request, now or later. Does not block: to be called on a server's threads.
    void handle(net::Request request, std::unique_ptr<net::Responder> responder);

    /// The longest body a request with this head may have.
    std::size_t body_limit(const net::Request& head) const;

    /// What the server answers a request that it does not hand on (net::Refusal): in the protocol of its service.
    net::Response refusal(const net::Request& head, int status, std::string_view text) const;

    /// Ends all streams and waits, so that a server can drain. New ones are refused.
    void end_streams();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::api
