#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/options.h"
#include "identity/directory.h"
#include "node/endpoint.h"
#include "node/hold.h"

namespace cairn::node {

/// Another AWS-like service that cairn calls, as `[s3]`, `[sns]`, `[logs]` or `[kms]` names it. docs/configuration.md,
/// "Other services".
struct RemoteService {
    std::string endpoint;  ///< URL; empty: there is none
    std::string region;    ///< for signatures; empty: that of the node, or of the ARN that a call is about
    std::string access_key_id, secret_access_key, session_token;
    std::string profile;
    std::string web_identity_token_file, role_arn, sts_endpoint;
    std::string ca_file;

    bool configured() const { return !endpoint.empty(); }
};

/// Everything that can be set. Defaults are what `cairn serve` without any file does. docs/configuration.md lists the
/// keys.
struct Config {
    std::string listen = "127.0.0.1:4610";
    std::string data = "./cairn-data";
    std::string account = "123456789012";
    std::string region = "us-east-1";
    std::string auth = "sigv4";
    bool allow_plain_http = false;
    std::int64_t threads = 0;

    std::string tls_certificate, tls_key;
    std::string log_level = "info", log_format = "text";

    std::int64_t record_bytes = 256 * 1024;
    std::int64_t record_depth = 128;
    std::int64_t body_bytes = 64 << 20;
    std::int64_t connections = 20'000;

    std::int64_t disk_budget_bytes = 0;
    std::string codec = "dense";
    std::int64_t dictionary_bytes = 1 << 20;
    std::int64_t journal_file_bytes = 64 << 20;
    std::int64_t archive_file_bytes = 1 << 30;
    std::int64_t identity_table = 262'140;

    std::optional<std::chrono::milliseconds> retain_management, retain_data, retain_audit, retain_insight,
        retain_buckets;

    std::string history_lookup = "all";
    std::optional<std::chrono::milliseconds> history_window;
    std::int64_t history_calls_per_second = 0;
    std::int64_t history_head_events = 65'536;

    std::vector<std::string> regions = {
        "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "ap-south-1",   "ap-northeast-1",
        "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-west-1",      "eu-west-2",      "eu-west-3",      "eu-north-1",     "sa-east-1"};
    std::string validation = "strict";
    std::chrono::milliseconds delivery_interval = std::chrono::minutes(5), digest_interval = std::chrono::hours(1);
    std::string trail_compression = "fast";
    std::int64_t trails_per_region = 5;

    RemoteService s3, sns, logs, kms;
    std::string s3_path_style = "auto";

    std::string gateway_listen, gateway_upstream;
    std::string gateway_mode = "closed";
    std::string gateway_name = "gateway";
    std::string gateway_identity_file;
    std::string gateway_profile = "generic", gateway_default_service, gateway_admin_paths = "record";
    std::vector<std::string> gateway_endpoint_names;
    bool gateway_record_failed_authentication = true, gateway_intent_reads = true;
    std::vector<std::string> gateway_hidden;
    std::string gateway_tls_certificate, gateway_tls_key;
    std::string gateway_ca_file;
    bool gateway_proxy_protocol = false, gateway_forward_client_ip = false;
    std::vector<std::string> gateway_trusted_proxies;
    std::string gateway_cairn, gateway_token;
    std::string gateway_metrics;
    std::string gateway_spool;
    std::int64_t gateway_spool_bytes = 1 << 30;
    std::string gateway_forward_listen, gateway_ca_folder;
    std::vector<std::string> gateway_intercept = gateway::ForwardOptions().intercept;
    std::vector<std::string> gateway_connect_to;
    std::string gateway_other_hosts = "tunnel";
    bool gateway_tunnel_local = false;
    std::int64_t gateway_tunnels = 1000;
    std::chrono::milliseconds gateway_tunnel_idle = std::chrono::minutes(10);
    std::vector<gateway::UpstreamOptions> gateway_upstreams;  ///< [[gateway.upstreams]]; docs/gateway.md
    std::vector<gateway::ListenerOptions> gateway_listeners;  ///< [[gateway.listeners]]

    std::vector<identity::FixedAccount> accounts;
    std::vector<Hold> holds;
};

/// One key as the file, the environment (CAIRN_STORAGE_CODEC) and `--set storage.codec=fast` spell it.
struct Setting {
    std::string key;   ///< "storage.codec"
    std::string kind;  ///< "text", "true or false", "number", "bytes", "duration"
    std::string default_text;
    std::string meaning;
};

/// All settings in the order of docs/configuration.md.
std::vector<Setting> settings();

/// Keys of the settings that differ, in the same order.
std::vector<std::string> changed_settings(const Config& before, const Config& now);

/// Sets one setting of `config` as it is in `from`.
void keep_setting(Config& config, const Config& from, std::string_view key);

/// The name of the environment variable of a key: "storage.codec" -> "CAIRN_STORAGE_CODEC".
std::string environment_name(std::string_view key);

/// Those of `names` that begin with CAIRN_ and name neither a setting nor what cairn's other commands read, or
/// Kubernetes sets in every container where a service is called cairn.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

/// Later ones win: defaults, the TOML file (unless `file` is empty), `environment`, `overrides` ("key" -> "value").
/// Errors: invalid, naming file, line and key; an unknown key is an error.
Result<Config> load_config(const std::string& file, const std::map<std::string, std::string>& environment,
                           const std::map<std::string, std::string>& overrides);

/// Rules over several settings: plain HTTP and `auth = "trust"` stay on loopback. Error: invalid, saying what to
/// change.
Result<void> check_config(const Config& config);

}  // namespace cairn::node
