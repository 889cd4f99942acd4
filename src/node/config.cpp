#include "node/config.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "gateway/hidden_members.h"
#include "node/config_accounts.h"

namespace cairn::node {

namespace {

constexpr std::int64_t identities_a_page = 255, identities_max = 255 * 65'536, head_events_max = 1 << 20;
constexpr std::int64_t journal_page_bytes = 4'096, threads_max = 1'024;
constexpr std::int64_t record_depth_max = 1000;  // what every reader of stored records can take apart

using Duration = std::optional<std::chrono::milliseconds>;

Result<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0)
        return fail(Code::invalid, fmt::format("\"{}\" is not a whole number", text));
    return value;
}

Result<std::int64_t> parse_bytes(std::string_view text) {
    static constexpr struct {
        std::string_view unit;
        std::int64_t factor;
    } units[] = {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000},  {"KB", 1'000},
                 {"TiB", 1ll << 40},        {"GiB", 1ll << 30},    {"MiB", 1ll << 20}, {"KiB", 1ll << 10}};
    for (const auto& [unit, factor] : units) {
        if (!text.ends_with(unit)) continue;
        const auto value = parse_number(text.substr(0, text.size() - unit.size()));
        if (!value) break;
        if (*value > INT64_MAX / factor) return fail(Code::invalid, fmt::format("\"{}\" is too large", text));
        return *value * factor;
    }
    const auto value = parse_number(text);
    return value ? value
                 : fail(Code::invalid, fmt::format("\"{}\" is no number of bytes, such as 65536, 64KB or 1MiB", text));
}

/// A key with the way to read it into a Config.
struct Entry {
    Setting setting;
    std::function<Result<void>(Config&, std::string_view)> read;
    std::function<bool(const Config&, const Config&)> same;  ///< does it say the same in both?
    std::function<void(Config&, const Config&)> copy;        ///< as it is in the second
};

template <class Member>
Entry entry(Setting setting, Member Config::* member, std::function<Result<void>(Config&, std::string_view)> read) {
    return {std::move(setting), std::move(read),
            [member](const Config& one, const Config& other) { return one.*member == other.*member; },
            [member](Config& one, const Config& other) { one.*member = other.*member; }};
}

Entry text(std::string key, std::string Config::* member, std::string meaning, std::vector<std::string> allowed = {}) {
    return entry(
        {key, "text", Config().*member, meaning}, member, [=](Config& config, std::string_view value) -> Result<void> {
            if (!allowed.empty() && std::ranges::find(allowed, value) == allowed.end())
                return fail(Code::invalid, fmt::format("\"{}\" is none of {}", value, fmt::join(allowed, ", ")));
            config.*member = value;
            return {};
        });
}

Entry flag(std::string key, bool Config::* member, std::string meaning) {
    return entry({key, "true or false", Config().*member ? "true" : "false", meaning}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     if (value != "true" && value != "false")
                         return fail(Code::invalid, fmt::format("\"{}\" is neither true nor false", value));
                     config.*member = value == "true";
                     return {};
                 });
}

constexpr const char* region_form = "a name of lower-case letters, digits and hyphens";

bool is_region(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_account_id(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// What a number may be.
struct Bounds {
    std::int64_t least = 0, most = INT64_MAX, multiple_of = 1;

    Result<void> check(std::int64_t value) const {
        if (value < least && most == INT64_MAX)
            return fail(Code::invalid, fmt::format("{} is less than {}", value, least));
        if (value < least || value > most)
            return fail(Code::invalid, fmt::format("{} is not between {} and {}", value, least, most));
        if (value % multiple_of != 0)
            return fail(Code::invalid, fmt::format("{} is not a multiple of {}", value, multiple_of));
        return {};
    }
};

Entry quantity(std::string key, const char* kind, Result<std::int64_t> (*parse)(std::string_view),
               std::int64_t Config::* member, std::string meaning, Bounds bounds) {
    return entry({std::move(key), kind, std::to_string(Config().*member), std::move(meaning)}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     const auto parsed = parse(value);
                     if (!parsed) return fail(parsed.error());
                     CAIRN_TRY(bounds.check(*parsed));
                     config.*member = *parsed;
                     return {};
                 });
}

Entry number(std::string key, std::int64_t Config::* member, std::string meaning, Bounds bounds = {}) {
    return quantity(std::move(key), "number", parse_number, member, std::move(meaning), bounds);
}

Entry bytes(std::string key, std::int64_t Config::* member, std::string meaning, Bounds bounds = {}) {
    return quantity(std::move(key), "bytes", parse_bytes, member, std::move(meaning), bounds);
}

/// A text that `is_right` of, or else is no `what`.
Entry checked_text(std::string key, std::string Config::* member, std::string meaning,
                   bool (*is_right)(std::string_view), const char* what) {
    return entry({std::move(key), "text", Config().*member, std::move(meaning)}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     if (!is_right(value)) return fail(Code::invalid, fmt::format("\"{}\" is not {}", value, what));
                     config.*member = value;
                     return {};
                 });
}

Entry duration(std::string key, Duration Config::* member, std::string meaning) {
    return entry({key, "duration", "", meaning}, member, [=](Config& config, std::string_view value) -> Result<void> {
        const auto parsed = value.empty() ? Duration() : parse_duration(value);
        if (!value.empty() && !parsed)
            return fail(Code::invalid, fmt::format("\"{}\" is no duration such as 90d, 12h or 30m", value));
        config.*member = parsed;
        return {};
    });
}

/// A duration that is always there; 0 is one, too.
Entry interval(std::string key, std::chrono::milliseconds Config::* member, std::string default_text,
               std::string meaning) {
    return entry({key, "duration", std::move(default_text), meaning}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     const auto parsed = value == "0" ? std::chrono::milliseconds(0) : parse_duration(value);
                     if (!parsed)
                         return fail(Code::invalid,
                                     fmt::format("\"{}\" is no duration such as 5m or 30s, nor 0", value));
                     config.*member = *parsed;
                     return {};
                 });
}

/// What stands between commas, each once.
std::vector<std::string> split_list(std::string_view value) {
    std::vector<std::string> read;
    for (std::size_t begin = 0; begin <= value.size();) {
        const auto end = std::min(value.find(',', begin), value.size());
        const auto item = value.substr(begin, end - begin);
        if (std::ranges::find(read, item) == read.end()) read.emplace_back(item);
        begin = end + 1;
    }
    return read;
}

Entry names(std::string key, std::vector<std::string> Config::* member, std::string meaning) {
    return entry({key, "list", fmt::format("{}", fmt::join(Config().*member, ",")), meaning}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     auto read = split_list(value);
                     for (const auto& name : read)
                         if (!is_region(name))
                             return fail(Code::invalid, fmt::format("\"{}\" is not {}", name, region_form));
                     config.*member = std::move(read);
                     return {};
                 });
}

Entry texts(std::string key, std::vector<std::string> Config::* member, std::string meaning) {
    return entry({key, "list", fmt::format("{}", fmt::join(Config().*member, ",")), meaning}, member,
                 [=](Config& config, std::string_view value) -> Result<void> {
                     config.*member = value.empty() ? std::vector<std::string>() : split_list(value);
                     return {};
                 });
}

/// The keys of one section for a service elsewhere.
std::vector<Entry> remote_service(const std::string& section, RemoteService Config::* service, const std::string& what,
                                  const std::string& default_region) {
    const auto member = [&](const char* name, std::string RemoteService::* text, std::string meaning) {
        return Entry{{section + "." + name, "text", "", std::move(meaning)},
                     [=](Config& config, std::string_view value) -> Result<void> {
                         config.*service.*text = value;
                         return {};
                     },
                     [=](const Config& one, const Config& other) { return one.*service.*text == other.*service.*text; },
                     [=](Config& one, const Config& other) { one.*service.*text = other.*service.*text; }};
    };
    return {member("endpoint", &RemoteService::endpoint, "URL of " + what),
            member("region", &RemoteService::region, "its region in signatures; empty: " + default_region),
            member("access_key_id", &RemoteService::access_key_id, "key to sign with; empty: as the AWS SDKs find one"),
            member("secret_access_key", &RemoteService::secret_access_key, "its secret; never shown nor logged"),
            member("session_token", &RemoteService::session_token, "for temporary keys"),
            member("profile", &RemoteService::profile, "profile of the AWS credentials file"),
            member("web_identity_token_file", &RemoteService::web_identity_token_file,
                   "file with a token that STS takes for `role_arn`"),
            member("role_arn", &RemoteService::role_arn, "role to take with it"),
            member("sts_endpoint", &RemoteService::sts_endpoint, "URL of STS; empty: AWS's of the region"),
            member("ca_file", &RemoteService::ca_file, "PEM file of certificates to trust besides the system's")};
}

std::vector<Entry> with_services(std::vector<Entry> all) {
    const auto add = [&](std::vector<Entry> more) { all.insert(all.end(), more.begin(), more.end()); };
    add(remote_service("s3", &Config::s3, "a real S3 that trails deliver to; empty: embedded buckets", "`region`"));
    add(remote_service("sns", &Config::sns, "an SNS whose topics are told of log files; empty: there are no topics",
                       "that of the topic"));
    add(remote_service("logs", &Config::logs,
                       "a CloudWatch Logs that records are sent to; empty: there are no log groups",
                       "that of the log group"));
    add(remote_service("kms", &Config::kms, "a KMS whose keys trails may name; empty: there are no keys",
                       "that of the key"));
    return all;
}

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = with_services({
        text("listen", &Config::listen, "address and port of the one endpoint; port 0 takes a free one"),
        text("data", &Config::data, "the data directory; made if absent"),
        checked_text("account", &Config::account,
                     "the node's own account, 12 digits; its root key is made at the first start", is_account_id,
                     "12 digits"),
        checked_text("region", &Config::region, "region of calls that name none, and of cairn's own events", is_region,
                     region_form),
        text("auth", &Config::auth,
             "`sigv4`, or `trust`: signatures are taken unseen, unknown keys are the own account; loopback only",
             {"sigv4", "trust"}),
        flag("allow_plain_http", &Config::allow_plain_http, "serve plain HTTP on an address that is not loopback"),
        number("threads", &Config::threads, "threads that serve requests, up to 1024; 0: one per core",
               {0, threads_max}),
        text("tls.certificate", &Config::tls_certificate,
             "PEM file with the certificate chain; with it the port speaks TLS only"),
        text("tls.key", &Config::tls_key, "PEM file with the private key"),
        text("log.level", &Config::log_level, "the least level that is written", {"debug", "info", "warning", "error"}),
        text("log.format", &Config::log_format, "`text`, or `json`: one object a line", {"text", "json"}),
        bytes("limits.record_bytes", &Config::record_bytes,
              "largest record taken, up to 16 MiB; AWS has 256 KB, and 1 MB for some stores", {1'024, 16 << 20}),
        number("limits.record_depth", &Config::record_depth, "deepest nesting of a record, up to 1000",
               {8, record_depth_max}),
        bytes("limits.body_bytes", &Config::body_bytes,
              "largest request body of /ingest, also after decompression, up to 1 GiB", {1'024, 1 << 30}),
        number("limits.connections", &Config::connections, "open connections", {1, 10'000'000}),
        bytes("storage.disk_budget", &Config::disk_budget_bytes,
              "bytes the data directory may use; 0: all but 1 GB of the disk. When spent, writes are refused, nothing "
              "is dropped"),
        text("storage.codec", &Config::codec,
             "`dense`, or `fast`: the lowest level, a little less CPU for a little more disk", {"dense", "fast"}),
        bytes("storage.dictionary_bytes", &Config::dictionary_bytes,
              "size of the trained dictionary; 0: none is trained"),
        bytes("storage.journal_file_bytes", &Config::journal_file_bytes,
              "size of one journal file before it is sealed into the archive",
              {2 * journal_page_bytes, INT64_MAX, journal_page_bytes}),
        bytes("storage.archive_file_bytes", &Config::archive_file_bytes,
              "size at which an archive file is closed; retention lets whole files go"),
        number("storage.identity_table", &Config::identity_table,
               "identities kept in memory until a file of them is written; a multiple of 255. When it changes, `seen/` "
               "is made again",
               {identities_a_page, identities_max, identities_a_page}),
        duration("retention.management", &Config::retain_management,
                 "how long management events are kept; empty: for ever"),
        duration("retention.data", &Config::retain_data,
                 "how long data, network activity and aggregated events are kept"),
        duration("retention.audit", &Config::retain_audit, "how long events of PutAuditEvents are kept"),
        duration("retention.insight", &Config::retain_insight, "how long Insights events are kept"),
        duration("retention.buckets", &Config::retain_buckets,
                 "how long objects in embedded buckets are kept, whatever their lifecycles say; empty: as those say"),
        text(
            "history.lookup", &Config::history_lookup,
            "what LookupEvents answers without EventCategory: `all` (management and data), or `management` as AWS does",
            {"all", "management"}),
        duration("history.window", &Config::history_window,
                 "how far back LookupEvents sees; AWS has 90d; empty: everything kept"),
        number("history.calls_per_second", &Config::history_calls_per_second,
               "LookupEvents calls a second for each account and region; AWS has 2; 0: no limit"),
        number("history.head_events", &Config::history_head_events,
               "events indexed in memory until a file of them is written", {64, head_events_max}),
        names("regions", &Config::regions,
              "regions that exist, beside `region`: a multi-region trail shows itself and writes digests in each"),
        text("validation", &Config::validation,
             "`strict`, or `lenient`: trails accept topics, log groups and keys that are not there, as emulators do",
             {"strict", "lenient"}),
        interval("delivery_interval", &Config::delivery_interval, "5m",
                 "after how long a trail's log file is delivered; 0: at once"),
        interval("digest_interval", &Config::digest_interval, "1h",
                 "how long the window of a digest file is, whole seconds"),
        text("trails.compression", &Config::trail_compression,
             "`fast`, or `small`: log files a quarter smaller for five times the CPU", {"fast", "small"}),
        number("trails.per_region", &Config::trails_per_region,
               "trails of an account that may show themselves in a region"),
        text("s3.path_style", &Config::s3_path_style,
             "`true`: the bucket stands in the path; `false`: in the host name; `auto`: in the host name at "
             "amazonaws.com only",
             {"auto", "true", "false"}),
        text("gateway.listen", &Config::gateway_listen,
             "address and port of the recording gateway, docs/gateway.md; empty: there is none"),
        text("gateway.upstream", &Config::gateway_upstream, "URL of the service that it stands in front of; no path"),
        text("gateway.mode", &Config::gateway_mode,
             "`closed`: a client gets its answer once the call is durably recorded; `observe`: at once; `intent`: as "
             "`closed`, and a call is made once it is durable that it may have been",
             {"closed", "observe", "intent"}),
        flag("gateway.intent_reads", &Config::gateway_intent_reads,
             "in mode `intent`: also of calls that change nothing; `false`: those are as in `closed`"),
        text("gateway.name", &Config::gateway_name, "name of this gateway beside its records"),
        text("gateway.identity_file", &Config::gateway_identity_file,
             "TOML or JSON file that says who is behind access keys, docs/identity.md; empty: there is none"),
        text("gateway.profile", &Config::gateway_profile,
             "what kind of server `gateway.upstream` is: whether it verifies signatures, whose its keys are, which "
             "paths are its own",
             {"generic", "aws", "moto", "localstack", "minio", "ceph"}),
        texts("gateway.endpoint_names", &Config::gateway_endpoint_names,
              "names under which it serves S3, buckets in front of them: as MINIO_DOMAIN or rgw_dns_name"),
        text("gateway.default_service", &Config::gateway_default_service,
             "signing name of the service that calls are for which do not say; empty: `s3`"),
        text("gateway.admin_paths", &Config::gateway_admin_paths,
             "whether calls of its own, such as /minio/admin, are recorded; health checks never are",
             {"record", "ignore"}),
        flag("gateway.record_failed_authentication", &Config::gateway_record_failed_authentication,
             "record calls whose signature was not accepted; those to S3 always are"),
        texts("gateway.hidden", &Config::gateway_hidden,
              "members whose values no record shows, beyond passwords and the like: `NAME`, or `SERVICE:NAME` such as "
              "`ssm:comment`"),
        text("gateway.tls_certificate", &Config::gateway_tls_certificate,
             "PEM file with the certificate chain; with it the gateway speaks TLS only"),
        text("gateway.tls_key", &Config::gateway_tls_key, "PEM file with the private key"),
        text("gateway.ca_file", &Config::gateway_ca_file,
             "PEM file of certificates to trust besides the system's, for `gateway.upstream` and `gateway.cairn`"),
        flag("gateway.proxy_protocol", &Config::gateway_proxy_protocol,
             "connections of trusted proxies begin with a PROXY header, version 1 or 2"),
        texts("gateway.trusted_proxies", &Config::gateway_trusted_proxies,
              "addresses and ranges whose PROXY header and X-Forwarded-For are believed"),
        flag("gateway.forward_client_ip", &Config::gateway_forward_client_ip,
             "append the client's address to X-Forwarded-For"),
        text("gateway.cairn", &Config::gateway_cairn,
             "URL of the cairn that keeps the records of `cairn gateway`; `cairn serve` keeps them itself"),
        text("gateway.token", &Config::gateway_token, "ingest token for it; never shown nor logged"),
        text("gateway.spool", &Config::gateway_spool,
             "folder where `cairn gateway` keeps records until `gateway.cairn` has them; empty: a record is durable "
             "once "
             "it is there"),
        bytes("gateway.spool_bytes", &Config::gateway_spool_bytes, "bytes that the spool may use"),
        text("gateway.metrics", &Config::gateway_metrics,
             "address and port of /metrics and /healthz of `cairn gateway`; empty: there are none"),
        text("gateway.forward_listen", &Config::gateway_forward_listen,
             "address and port of a forward proxy in front of AWS itself, docs/gateway.md; empty: there is none"),
        text(
            "gateway.ca_folder", &Config::gateway_ca_folder,
            "folder of the authority that its clients are told to trust; empty: `gateway-ca` in the data directory, or "
            "beside `gateway.spool`"),
        texts("gateway.intercept", &Config::gateway_intercept,
              "hosts whose calls through a forward proxy are recorded; `*.` matches all names below"),
        texts(
            "gateway.connect_to", &Config::gateway_connect_to,
            "where such hosts are really connected to: `[PATTERN=][SCHEME://]HOST:PORT`, the first that matches; with "
            "https the certificate is still that of the host; empty: to the host itself"),
        text("gateway.other_hosts", &Config::gateway_other_hosts,
             "`tunnel`: a forward proxy passes other hosts on unrecorded; `refuse`", {"tunnel", "refuse"}),
        flag("gateway.tunnel_local", &Config::gateway_tunnel_local,
             "a forward proxy also connects to loopback and link-local addresses"),
        number("gateway.tunnels", &Config::gateway_tunnels, "open tunnels"),
        interval("gateway.tunnel_idle", &Config::gateway_tunnel_idle, "10m",
                 "after how long without a byte a tunnel is closed"),
    });
    return all;
}

Result<void> apply(Config& config, std::string_view key, std::string_view value) {
    const auto entry =
        std::ranges::find(entries(), key, [](const Entry& e) -> std::string_view { return e.setting.key; });
    if (entry == entries().end()) return fail(Code::invalid, fmt::format("there is no setting \"{}\"", key));
    if (auto read = entry->read(config, value); !read)
        return fail(Code::invalid, fmt::format("{}: {}", key, read.error().message));
    return {};
}

Result<void> apply_file(Config& config, const std::string& file) {
    auto parsed = read_config_file(file);
    if (!parsed) return fail(std::move(parsed).error());
    for (const auto& [key, value, line] : parsed->values)
        if (auto applied = apply(config, key, value); !applied)
            return fail(Code::invalid, fmt::format("{} line {}: {}", file, line, applied.error().message));
    config.accounts = std::move(parsed->accounts);
    config.holds = std::move(parsed->holds);
    config.gateway_upstreams = std::move(parsed->upstreams);
    config.gateway_listeners = std::move(parsed->listeners);
    return {};
}

}  // namespace

std::vector<Setting> settings() {
    std::vector<Setting> all;
    for (const auto& entry : entries()) all.push_back(entry.setting);
    return all;
}

std::vector<std::string> changed_settings(const Config& before, const Config& now) {
    std::vector<std::string> changed;
    for (const auto& entry : entries())
        if (!entry.same(before, now)) changed.push_back(entry.setting.key);
    return changed;
}

void keep_setting(Config& config, const Config& from, std::string_view key) {
    const auto found =
        std::ranges::find(entries(), key, [](const Entry& e) -> std::string_view { return e.setting.key; });
    if (found != entries().end()) found->copy(config, from);
}

std::string environment_name(std::string_view key) {
    std::string name = "CAIRN_";
    for (const char c : key)
        name.push_back(c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    return name;
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names) {
    std::set<std::string, std::less<>> known{"CAIRN_ENDPOINT", "CAIRN_INGEST_TOKEN", "CAIRN_TEST_KILL"};
    for (const auto& entry : entries()) known.insert(environment_name(entry.setting.key));
    std::vector<std::string> unknown;
    for (const auto& name : names)
        if (name.starts_with("CAIRN_") && !known.contains(name) && !name.starts_with("CAIRN_SERVICE_") &&
            name != "CAIRN_PORT" && !name.starts_with("CAIRN_PORT_"))
            unknown.push_back(name);
    return unknown;
}

Result<Config> load_config(const std::string& file, const std::map<std::string, std::string>& environment,
                           const std::map<std::string, std::string>& overrides) {
    Config config;
    if (!file.empty()) CAIRN_TRY(apply_file(config, file));
    for (const auto& entry : entries()) {
        const auto name = environment_name(entry.setting.key);
        const auto found = environment.find(name);
        if (found == environment.end()) continue;
        if (auto applied = apply(config, entry.setting.key, found->second); !applied)
            return fail(Code::invalid, fmt::format("environment variable {}: {}", name, applied.error().message));
    }
    for (const auto& [key, value] : overrides) CAIRN_TRY(apply(config, key, value));
    if (std::ranges::find(config.regions, config.region) == config.regions.end())
        config.regions.push_back(config.region);
    return config;
}

namespace {

Result<void> check_gateway_listener(const std::string& place, bool loopback, bool tls, const Config& config) {
    if (tls || loopback || config.allow_plain_http) return {};
    return fail(Code::invalid,
                fmt::format("plain HTTP is refused on {}: give the gateway a certificate and a key, or set "
                            "allow_plain_http = true",
                            place));
}

Result<void> check_forward_listener(const std::string& place, bool loopback, const Config& config) {
    if (loopback || config.allow_plain_http) return {};
    return fail(Code::invalid,
                fmt::format("a forward proxy is refused on {}: everyone who reaches it can go through it; listen on "
                            "127.0.0.1, or set allow_plain_http = true behind a firewall",
                            place));
}

Result<void> check_gateway(const Config& config) {
    if (config.gateway_tls_certificate.empty() != config.gateway_tls_key.empty())
        return fail(Code::invalid, "gateway.tls_certificate and gateway.tls_key go together: one of them is not set");
    if (!config.gateway_listen.empty()) {
        const auto endpoint = parse_endpoint(config.gateway_listen);
        if (!endpoint) return fail(Code::invalid, "gateway.listen: " + endpoint.error().message);
        CAIRN_TRY(check_gateway_listener(config.gateway_listen, endpoint->loopback,
                                         !config.gateway_tls_certificate.empty(), config));
    }
    if (!config.gateway_forward_listen.empty()) {
        const auto endpoint = parse_endpoint(config.gateway_forward_listen);
        if (!endpoint) return fail(Code::invalid, "gateway.forward_listen: " + endpoint.error().message);
        CAIRN_TRY(check_forward_listener(config.gateway_forward_listen, endpoint->loopback, config));
    }
    if (const auto hidden = gateway::HiddenMembers::parse(config.gateway_hidden); !hidden)
        return fail(Code::invalid, "gateway.hidden: " + hidden.error().message);
    for (const auto& listener : config.gateway_listeners) {
        const auto place = fmt::format("{}:{}", listener.host, listener.port);
        CAIRN_TRY(listener.forward
                      ? check_forward_listener(place, is_loopback(listener.host), config)
                      : check_gateway_listener(place, is_loopback(listener.host), !listener.tls.empty(), config));
    }
    return {};
}

}  // namespace

Result<void> check_config(const Config& config) {
    const auto endpoint = parse_endpoint(config.listen);
    if (!endpoint) return fail(Code::invalid, "listen: " + endpoint.error().message);
    if (config.auth == "trust" && !endpoint->loopback)
        return fail(Code::invalid, fmt::format("auth = \"trust\" is refused on {}: it takes every caller's word; "
                                               "listen on 127.0.0.1 or use auth = \"sigv4\"",
                                               config.listen));
    if (config.tls_certificate.empty() != config.tls_key.empty())
        return fail(Code::invalid, "tls.certificate and tls.key go together: one of them is not set");
    if (config.tls_certificate.empty() && !endpoint->loopback && !config.allow_plain_http)
        return fail(Code::invalid, fmt::format("plain HTTP is refused on {}: set tls.certificate and tls.key, or "
                                               "allow_plain_http = true behind a proxy that speaks TLS",
                                               config.listen));
    CAIRN_TRY(check_gateway(config));
    for (const auto& [section, service] : {std::pair("s3", &config.s3), std::pair("sns", &config.sns),
                                           std::pair("logs", &config.logs), std::pair("kms", &config.kms)}) {
        const auto is_url = [](const std::string& text) {
            return text.starts_with("http://") || text.starts_with("https://");
        };
        if (service->configured() && !is_url(service->endpoint))
            return fail(Code::invalid, fmt::format("{}.endpoint begins with http:// or https://", section));
        if (service->access_key_id.empty() != service->secret_access_key.empty())
            return fail(Code::invalid,
                        fmt::format("{0}.access_key_id and {0}.secret_access_key go together: one of them is not set",
                                    section));
        if (service->web_identity_token_file.empty() != service->role_arn.empty())
            return fail(Code::invalid,
                        fmt::format("{0}.web_identity_token_file and {0}.role_arn go together: one of them is not set",
                                    section));
    }
    if (config.digest_interval < std::chrono::seconds(1) ||
        config.digest_interval % std::chrono::seconds(1) != std::chrono::milliseconds(0))
        return fail(Code::invalid, "digest_interval: digests are named by the second: at least 1s, and whole seconds");
    return {};
}

}  // namespace cairn::node
