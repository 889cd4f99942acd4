#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::node {

/// Splits "127.0.0.1:4610", "[::1]:4610", "localhost:0".
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    bool loopback = false;
};
Result<Endpoint> parse_endpoint(std::string_view text);

/// Does an address stay on this machine?
bool is_loopback(std::string_view host);

}  // namespace cairn::node
