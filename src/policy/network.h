#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace cairn::policy {

/// An IPv4 or IPv6 address, or all addresses that share its first bits.
struct Network {
    std::array<unsigned char, 16> bytes{};  ///< network order; IPv4 uses four
    bool v6 = false;
    int prefix_bits = 0;

    bool contains(const Network& address) const;
};

/// Reads "10.0.0.0/8", "2001:db8::/32" or a single address. IPv4 written inside IPv6 (::ffff:10.0.0.1) is IPv4.
/// Empty when `text` is anything else.
std::optional<Network> parse_network(std::string_view text);

}  // namespace cairn::policy
