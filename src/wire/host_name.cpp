#include "wire/host_name.h"

#include <algorithm>
#include <array>

namespace cairn::wire {

namespace {

constexpr std::array<std::string_view, 4> domains{".amazonaws.com", ".amazonaws.com.cn", ".api.aws",
                                                  ".localhost.localstack.cloud"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "us-east-1", "us-gov-west-1": letters, two or more hyphens, a digit at the end.
bool is_region(std::string_view label) {
    return label.size() > 5 && label[2] == '-' && is_digit(label.back()) && label[label.size() - 2] == '-' &&
           std::ranges::none_of(label.substr(0, label.size() - 1), is_digit);
}

std::string_view last_label(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::string_view without_last_label(std::string_view name) {
    const auto dot = name.rfind('.');
    return name.substr(0, dot == std::string_view::npos ? 0 : dot);
}

}  // namespace

std::string plain_host(std::string_view host) {
    const auto colon = host.rfind(':');
    if (colon != std::string_view::npos && !host.ends_with(']')) host = host.substr(0, colon);
    if (host.ends_with('.')) host.remove_suffix(1);
    std::string plain(host);
    std::ranges::transform(plain, plain.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return plain;
}

bool is_ip_host(std::string_view host) {
    if (host.starts_with('[')) return true;
    int dots = 0, digits = 0;
    for (const char c : host) {
        if (c == '.') {
            if (digits == 0) return false;
            digits = 0;
            ++dots;
        } else if (!is_digit(c) || ++digits > 3) {
            return false;
        }
    }
    return dots == 3 && digits > 0;
}

EndpointName endpoint_of(std::string_view host) {
    for (const auto domain : domains) {
        if (!host.ends_with(domain)) continue;
        auto name = host.substr(0, host.size() - domain.size());
        if (last_label(name) == "dualstack") name = without_last_label(name);
        if (is_region(last_label(name)) && name.find('.') != std::string_view::npos)
            return {without_last_label(name), last_label(name)};
        const auto first = name.substr(0, name.find('.'));
        if (is_region(first) && first.size() < name.size()) return {name.substr(first.size() + 1), first};
        return {name, {}};
    }
    return {};
}

ServiceList services_of_host(std::string_view host) {
    for (auto name = endpoint_of(host).prefix; !name.empty();) {
        const auto plain = name.ends_with("-fips") ? name.substr(0, name.size() - 5) : name;
        if (auto found = services_of_endpoint(plain); !found.empty()) return found;
        const auto dot = name.find('.');
        if (dot == std::string_view::npos) break;
        name.remove_prefix(dot + 1);
    }
    return {};
}

}  // namespace cairn::wire
