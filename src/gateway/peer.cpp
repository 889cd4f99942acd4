#include "gateway/peer.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "gateway/head_lines.h"

namespace cairn::gateway {

namespace {

constexpr std::string_view signature_of_version_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t line_bytes_max = 107;  // of version 1, with its CRLF

/// "10.0.0.1", "10.0.0.1:80", "[::1]:80", "\"[::1]\"": the address, or empty.
std::string plain_address(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (text.starts_with('['))
        text = text.substr(1, text.find(']') - 1);
    else if (std::ranges::count(text, ':') == 1)
        text = text.substr(0, text.find(':'));
    return match::parse_address(text) ? std::string(text) : std::string();
}

std::vector<std::string> forwarded_for(const net::Request& head) {
    std::vector<std::string> addresses;
    for (const auto& [name, value] : head.headers)
        if (net::equal_names(name, "x-forwarded-for"))
            for_each_item(value, [&](std::string_view item) { addresses.push_back(plain_address(item)); });
    if (!addresses.empty()) return addresses;
    for_each_item(head.find("forwarded"), [&](std::string_view element) {
        while (!element.empty()) {
            const auto pair = element.substr(0, element.find(';'));
            element.remove_prefix(std::min(pair.size() + 1, element.size()));
            if (pair.size() > 4 && net::equal_names(pair.substr(0, 4), "for="))
                addresses.push_back(plain_address(pair.substr(4)));
        }
    });
    return addresses;
}

std::string text_of(int family, const char* bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(family, bytes, text, sizeof text);
    const std::string_view mapped("::ffff:"), whole(text);
    const bool is_mapped = whole.starts_with(mapped) && whole.find('.') != std::string_view::npos;
    return std::string(is_mapped ? whole.substr(mapped.size()) : whole);
}

Result<std::optional<ProxyHeader>> read_version_1(std::string_view bytes) {
    const auto end = bytes.substr(0, line_bytes_max).find("\r\n");
    if (end == std::string_view::npos) {
        if (bytes.size() >= line_bytes_max) return fail(Code::invalid, "a PROXY header without an end");
        return std::nullopt;
    }
    ProxyHeader header{end + 2, {}};
    auto line = bytes.substr(6, end - 6);
    const auto word = [&] {
        const auto found = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(found.size() + 1, line.size()));
        return found;
    };
    const auto family = word();
    if (family == "UNKNOWN") return header;
    const auto source = match::parse_address(word());
    if ((family != "TCP4" && family != "TCP6") || !source) return fail(Code::invalid, "a malformed PROXY header");
    header.source = text_of(source->v6 ? AF_INET6 : AF_INET, reinterpret_cast<const char*>(source->bytes.data()));
    return header;
}

Result<std::optional<ProxyHeader>> read_version_2(std::string_view bytes) {
    if (bytes.size() < 16) return std::nullopt;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const std::size_t size = 16 + byte(14) * 256u + byte(15);
    if (byte(12) >> 4 != 2 || (byte(12) & 15) > 1) return fail(Code::invalid, "a PROXY header of an unknown version");
    if (bytes.size() < size) return std::nullopt;
    ProxyHeader header{size, {}};
    if ((byte(12) & 15) == 0) return header;
    const auto family = byte(13) >> 4;
    if (family == 1 && size >= 16 + 12) header.source = text_of(AF_INET, bytes.data() + 16);
    if (family == 2 && size >= 16 + 36) header.source = text_of(AF_INET6, bytes.data() + 16);
    return header;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& ranges) {
    TrustedProxies trusted;
    for (const auto& text : ranges) {
        const auto range = match::parse_address_range(
            text.find('/') == std::string::npos ? text + (text.find(':') == std::string::npos ? "/32" : "/128") : text);
        if (!range) return fail(Code::invalid, fmt::format("\"{}\" is not a range of addresses", text));
        trusted.ranges_.push_back(*range);
    }
    return trusted;
}

bool TrustedProxies::trusts(std::string_view text) const {
    if (ranges_.empty()) return false;
    const auto address = match::parse_address(text);
    return address && std::ranges::any_of(ranges_, [&](const auto& range) { return range.contains(*address); });
}

std::string TrustedProxies::origin(std::string_view peer, const net::Request& head) const {
    std::string origin(peer);
    if (!trusts(peer)) return origin;
    const auto addresses = forwarded_for(head);
    for (auto at = addresses.rbegin(); at != addresses.rend(); ++at) {
        if (at->empty()) break;  // what stands left of something unreadable is nobody's word
        origin = *at;
        if (!trusts(*at)) break;
    }
    return origin;
}

Result<std::optional<ProxyHeader>> read_proxy_header(std::string_view bytes) {
    const auto begins = [&](std::string_view with) {
        return bytes.substr(0, with.size()) == with.substr(0, bytes.size());
    };
    if (begins(signature_of_version_2)) {
        if (bytes.size() < signature_of_version_2.size()) return std::nullopt;
        return read_version_2(bytes);
    }
    if (!begins("PROXY ")) return fail(Code::invalid, "no PROXY header");
    if (bytes.size() < 6) return std::nullopt;
    return read_version_1(bytes);
}

}  // namespace cairn::gateway
