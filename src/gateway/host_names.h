#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace cairn::gateway {

/// Where a client wants to go.
struct Place {
    std::string host;  ///< a name in lower case without a dot at its end, or an address without brackets
    std::uint16_t port = 0;
    bool tls = false;  ///< how to speak with it
    friend auto operator<=>(const Place&, const Place&) = default;
};

/// Reads "s3.amazonaws.com:443" and "[::1]:443". Empty when it is neither, or has no port and `default_port` is 0.
std::optional<Place> read_place(std::string_view authority, std::uint16_t default_port);

/// Is `host` what `pattern` means: the same name, or for "*.example.com" any below example.com? An empty pattern means
/// all.
bool matches_host(std::string_view pattern, std::string_view host);

/// A name of letters, digits, hyphens and underscores between dots, of at most 253 characters (RFC 1035 section 2.3.4).
bool is_host_name(std::string_view text);

/// Does an address lead to this machine or to what only this machine's link has: loopback, unspecified, link-local, and
/// those where a cloud's machines find their credentials (169.254.169.254, fd00:ec2::254)?
bool is_local(const sockaddr_storage& address);

}  // namespace cairn::gateway
