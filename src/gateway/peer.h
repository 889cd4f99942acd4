#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "match/address.h"
#include "net/http.h"

namespace cairn::gateway {

/// Peers whose word is taken on where a call comes from.
class TrustedProxies {
public:
    TrustedProxies() = default;

    /// Ranges such as "10.0.0.0/8" or "::1". Error: invalid, naming the one that is none.
    static Result<TrustedProxies> parse(const std::vector<std::string>& ranges);

    bool trusts(std::string_view address) const;

    /// Where `head` comes from, as `peer` sends it: the peer, unless it is trusted; then the right-most entry of
    /// X-Forwarded-For that is not trusted itself, else that of Forwarded (RFC 7239), else the peer.
    std::string origin(std::string_view peer, const net::Request& head) const;

private:
    std::vector<match::AddressRange> ranges_;
};

/// The header that a load balancer puts in front of a connection (the PROXY protocol, versions 1 and 2).
struct ProxyHeader {
    std::size_t size = 0;  ///< of the header, in bytes
    std::string source;    ///< the client's address; empty: the balancer speaks for itself
};

/// Reads the header at the begin of `bytes`. Empty: more bytes are needed. Error: invalid: this is none.
Result<std::optional<ProxyHeader>> read_proxy_header(std::string_view bytes);

}  // namespace cairn::gateway
