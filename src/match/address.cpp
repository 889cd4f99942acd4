#include "match/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace cairn::match {

namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
    return address.v6 && std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
}

Address unmapped(const Address& address) {
    Address v4;
    std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
    return v4;
}

std::optional<Address> read_address(std::string_view text) {
    char buffer[64];
    if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) return std::nullopt;
    buffer[text.copy(buffer, text.size())] = '\0';
    Address address;
    address.v6 = text.find(':') != std::string_view::npos;
    if (inet_pton(address.v6 ? AF_INET6 : AF_INET, buffer, address.bytes.data()) != 1) return std::nullopt;
    return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    auto address = read_address(text);
    if (address && is_mapped(*address)) return unmapped(*address);
    return address;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto bits = text.substr(slash + 1);
    const auto base = read_address(text.substr(0, slash));
    unsigned prefix = 0;
    const auto read = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
    if (!base || bits.empty() || read.ec != std::errc{} || read.ptr != bits.data() + bits.size()) return std::nullopt;
    if (prefix > (base->v6 ? 128u : 32u)) return std::nullopt;
    if (is_mapped(*base) && prefix >= 96) return AddressRange{unmapped(*base), prefix - 96};
    return AddressRange{*base, prefix};
}

bool AddressRange::contains(const Address& address) const {
    if (address.v6 != base.v6) return false;
    const std::size_t whole = prefix / 8;
    if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole), address.bytes.begin()))
        return false;
    const unsigned rest = prefix % 8;
    return rest == 0 || ((base.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

}  // namespace cairn::match
