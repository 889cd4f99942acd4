#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "gateway/host_names.h"
#include "net/request_head.h"

namespace cairn::gateway {

/// What a client asks of a forward proxy.

/// Where a CONNECT (RFC 9110 section 9.3.6) leads. `head` is whole, with its empty line; HTTP/1.0 and 1.1. Refused are
/// heads that parse_head() refuses, a target without a port, and bodies.
std::expected<Place, net::HeadProblem> read_connect(std::string_view head);

/// A request with an absolute target ("GET http://host/path"), as it goes on.
struct RelayedHead {
    Place place;
    std::string head;  ///< with path and query as the target (RFC 9112 section 3.2.1), all else unchanged
};

/// `head` was accepted by net::parse_head(). Refused are other targets, https, and a Host that names another server
/// than the target: the two would be read by different servers.
std::expected<RelayedHead, net::HeadProblem> read_relayed(std::string_view head);

}  // namespace cairn::gateway
