#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace cairn::match {

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 (::ffff:10.0.0.1) is the IPv4 address.
struct Address {
    bool v6 = false;
    std::array<unsigned char, 16> bytes{};  ///< the first 4 for IPv4
    friend bool operator==(const Address&, const Address&) = default;
};

/// Empty when `text` is no address; names of services and hosts are none.
std::optional<Address> parse_address(std::string_view text);

/// A range of addresses: "10.0.0.0/8", "2001:db8::/32". Bits behind the prefix are ignored.
struct AddressRange {
    Address base;
    unsigned prefix = 0;  ///< bits that count

    bool contains(const Address& address) const;
};

std::optional<AddressRange> parse_address_range(std::string_view text);

}  // namespace cairn::match
