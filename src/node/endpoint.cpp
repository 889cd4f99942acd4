#include "node/endpoint.h"

#include <charconv>

#include <fmt/format.h>

namespace cairn::node {

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return fail(Code::invalid, fmt::format("\"{}\" is not of the form HOST:PORT", text));
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size())
        return fail(Code::invalid, fmt::format("\"{}\" does not end in a port of 0 to 65535", text));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return Endpoint{std::string(host == "localhost" ? "127.0.0.1" : host), port, is_loopback(host)};
}

}  // namespace cairn::node
