#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/parts.h"
#include "base/json.h"
#include "base/time.h"
#include "wire/errors.h"

namespace cairn::api {

/// One request on its way from the server to its answer.
struct Call {
    net::Request request;
    std::unique_ptr<net::Responder> responder;
    std::string request_id;
    Time received{};
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
    identity::Authenticated caller;  ///< once authenticated
};

using CallPointer = std::unique_ptr<Call>;

/// The service of the credential scope that a request claims ("cloudtrail") in its header, else in its query; empty
/// when it presents none. Nothing is verified.
std::string claimed_service(const net::Request& request);

/// Fills in `caller`. The error is that of the AWS protocols.
std::expected<void, wire::ApiError> authenticate(const Parts& parts, Call& call,
                                                 const std::vector<std::string_view>& services, bool bearer = false,
                                                 bool unsigned_payload = false);

/// May the caller do `action` ("cloudtrail:LookupEvents") on `resource`? Conditions see the caller's account and
/// region, and `more`.
std::expected<void, wire::ApiError> authorize(const Call& call, const std::string& action, const std::string& resource,
                                              const policy::Context& more = {});

/// The AccessDeniedException of that.
wire::ApiError access_denied(const Call& call, const std::string& action, const std::string& resource, bool explicitly);

/// The document in a request's body; an empty body is `{}`. The error is a SerializationException.
std::expected<Json, wire::ApiError> read_body(const net::Request& request);

}  // namespace cairn::api
