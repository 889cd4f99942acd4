#include "gateway/host_names.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/http.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t name_bytes_max = 253, label_bytes_max = 63;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= label_bytes_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_ipv6(const std::string& text) {
    in6_addr address;
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_local_ipv4(std::uint32_t address) {
    const auto first = address >> 24;
    return first == 0 || first == 127 || address >> 16 == 0xa9fe;
}

bool is_local_ipv6(const in6_addr& address) {
    if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address))
        return true;
    static constexpr unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};  // RFC 6052 section 2.1
    if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address) ||
        std::memcmp(address.s6_addr, nat64, sizeof nat64) == 0) {
        std::uint32_t inner;
        std::memcpy(&inner, address.s6_addr + 12, sizeof inner);
        return is_local_ipv4(ntohl(inner));
    }
    static constexpr unsigned char metadata[] = {0xfd, 0x00, 0x0e, 0xc2};
    return std::memcmp(address.s6_addr, metadata, sizeof metadata) == 0;
}

}  // namespace

std::optional<Place> read_place(std::string_view authority, std::uint16_t default_port) {
    Place place;
    place.port = default_port;
    const auto bracket = authority.find(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        const auto digits = authority.substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.port);
        if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        authority = authority.substr(0, colon);
    }
    if (place.port == 0) return std::nullopt;
    if (authority.starts_with('[') && authority.ends_with(']')) {
        place.host = authority.substr(1, authority.size() - 2);
        return is_ipv6(place.host) ? std::optional(place) : std::nullopt;
    }
    if (authority.ends_with('.')) authority.remove_suffix(1);
    if (!is_host_name(authority)) return std::nullopt;
    place.host = authority;
    std::ranges::transform(place.host, place.host.begin(), lower);
    return place;
}

bool matches_host(std::string_view pattern, std::string_view host) {
    if (pattern.empty()) return true;
    if (!pattern.starts_with("*.")) return net::equal_names(pattern, host);
    const auto suffix = pattern.substr(1);
    return host.size() > suffix.size() && net::equal_names(host.substr(host.size() - suffix.size()), suffix);
}

bool is_host_name(std::string_view text) {
    if (text.size() > name_bytes_max) return false;
    for (;;) {
        const auto dot = text.find('.');
        if (!is_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_local(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET)
        return is_local_ipv4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
    return address.ss_family == AF_INET6 && is_local_ipv6(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

}  // namespace cairn::gateway
