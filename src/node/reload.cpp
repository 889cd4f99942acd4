#include "node/reload.h"

#include <algorithm>
#include <array>

namespace cairn::node {

namespace {

/// gateway.identity_file is not among them: it is read again by itself, and named once.
constexpr std::array<std::string_view, 24> taken_over{"gateway.listen",
                                                      "gateway.upstream",
                                                      "gateway.mode",
                                                      "gateway.intent_reads",
                                                      "gateway.profile",
                                                      "gateway.endpoint_names",
                                                      "gateway.default_service",
                                                      "gateway.admin_paths",
                                                      "gateway.record_failed_authentication",
                                                      "gateway.hidden",
                                                      "gateway.tls_certificate",
                                                      "gateway.tls_key",
                                                      "gateway.ca_file",
                                                      "gateway.proxy_protocol",
                                                      "gateway.trusted_proxies",
                                                      "gateway.forward_client_ip",
                                                      "gateway.forward_listen",
                                                      "gateway.ca_folder",
                                                      "gateway.intercept",
                                                      "gateway.connect_to",
                                                      "gateway.other_hosts",
                                                      "gateway.tunnel_local",
                                                      "gateway.tunnels",
                                                      "gateway.tunnel_idle"};

}  // namespace

Config reloaded_config(const Config& before, const Config& now) {
    auto config = now;
    for (const auto& key : waiting_settings(before, now)) keep_setting(config, before, key);
    config.accounts = before.accounts;
    return config;
}

std::vector<std::string> waiting_settings(const Config& before, const Config& now) {
    auto changed = changed_settings(before, now);
    std::erase_if(changed,
                  [](const std::string& key) { return std::ranges::find(taken_over, key) != taken_over.end(); });
    return changed;
}

}  // namespace cairn::node
