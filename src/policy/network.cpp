#include "policy/network.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <arpa/inet.h>

namespace cairn::policy {

namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Network> parse_address(const std::string& text) {
    Network address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
        address.prefix_bits = 32;
        return address;
    }
    if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
    address.v6 = true;
    address.prefix_bits = 128;
    return address;
}

std::optional<int> parse_bits(std::string_view text, int bits_max) {
    int bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc() || end != text.data() + text.size() || bits < 0 || bits > bits_max) return std::nullopt;
    return bits;
}

Network without_mapping(Network network) {
    if (!network.v6 || network.prefix_bits < 96 ||
        !std::equal(mapped_prefix.begin(), mapped_prefix.end(), network.bytes.begin()))
        return network;
    std::copy(network.bytes.begin() + 12, network.bytes.end(), network.bytes.begin());
    network.v6 = false;
    network.prefix_bits -= 96;
    return network;
}

}  // namespace

bool Network::contains(const Network& address) const {
    if (v6 != address.v6 || prefix_bits > address.prefix_bits) return false;
    const auto whole = static_cast<std::size_t>(prefix_bits / 8);
    if (std::memcmp(bytes.data(), address.bytes.data(), whole) != 0) return false;
    const auto mask = static_cast<unsigned char>(0xff00 >> (prefix_bits % 8));
    return prefix_bits % 8 == 0 || ((bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

std::optional<Network> parse_network(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    const auto slash = text.find('/');
    auto network = parse_address(std::string(text.substr(0, slash)));
    if (!network) return std::nullopt;
    if (slash != std::string_view::npos) {
        const auto bits = parse_bits(text.substr(slash + 1), network->prefix_bits);
        if (!bits) return std::nullopt;
        network->prefix_bits = *bits;
    }
    return without_mapping(*network);
}

}  // namespace cairn::policy
