#include "node/config_accounts.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/time.h"
#include "node/endpoint.h"

namespace cairn::node {

namespace {

using identity::FixedAccount;

/// Reads the members of one table and remembers the first thing that is wrong with them.
class Table {
public:
    Table(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

    std::string text(std::string_view key, bool needed = false) {
        seen_.emplace_back(key);
        const auto* node = table_.get(key);
        if (!node && needed) refuse(table_, fmt::format("{} has no {}", name_, key));
        if (!node) return {};
        if (const auto value = node->value_exact<std::string>()) return *value;
        refuse(*node, fmt::format("{} of {} is not a text", key, name_));
        return {};
    }

    bool flag(std::string_view key, bool otherwise) {
        seen_.emplace_back(key);
        const auto* node = table_.get(key);
        if (!node) return otherwise;
        if (const auto value = node->value_exact<bool>()) return *value;
        refuse(*node, fmt::format("{} of {} is neither true nor false", key, name_));
        return otherwise;
    }

    std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise) {
        const auto value = text(key);
        if (value.empty()) return otherwise;
        const auto parsed = value == "0" ? std::chrono::milliseconds(0) : parse_duration(value);
        if (!parsed)
            refuse(*table_.get(key), fmt::format("{} of {} is no duration such as 5s or 900ms, nor 0", key, name_));
        return parsed.value_or(otherwise);
    }

    /// A moment or a day, as parse_hold_time() reads it.
    std::optional<Time> time(std::string_view key, bool last) {
        const auto value = text(key);
        if (value.empty()) return std::nullopt;
        const auto time = parse_hold_time(value, last);
        if (!time)
            refuse(*table_.get(key),
                   fmt::format("{} of {} is neither a day nor a time such as 2026-03-31T12:00:00Z", key, name_));
        return time;
    }

    std::vector<std::string> texts(std::string_view key) {
        seen_.emplace_back(key);
        std::vector<std::string> values;
        const auto* node = table_.get(key);
        if (!node) return values;
        if (!node->is_array()) {
            refuse(*node, fmt::format("{} of {} is not a list of texts", key, name_));
            return values;
        }
        for (const auto& item : *node->as_array()) {
            if (const auto value = item.value_exact<std::string>())
                values.push_back(*value);
            else
                refuse(item, fmt::format("{} of {} is not a list of texts", key, name_));
        }
        return values;
    }

    template <class Use>
    void tables(std::string_view key, Use&& use) {
        seen_.emplace_back(key);
        const auto* node = table_.get(key);
        if (!node) return;
        if (!node->is_array_of_tables())
            return refuse(*node, fmt::format("{} of {} is not a list of tables", key, name_));
        for (const auto& item : *node->as_array()) {
            Table inner(*item.as_table(), fmt::format("{}.{}", name_, key));
            use(inner);
            inner.done();
            if (error_.empty()) error_ = inner.error_;
        }
    }

    void done() {
        for (const auto& [key, node] : table_)
            if (std::ranges::find(seen_, key.str()) == seen_.end())
                refuse(node, fmt::format("{} has no member \"{}\"", name_, key.str()));
    }

    const std::string& error() const { return error_; }

private:
    void refuse(const toml::node& node, const std::string& message) {
        if (error_.empty()) error_ = fmt::format("line {}: {}", node.source().begin.line, message);
    }

    const toml::table& table_;
    std::string name_, error_;
    std::vector<std::string> seen_;
};

std::vector<FixedAccount::FixedKey> read_keys(Table& table) {
    std::vector<FixedAccount::FixedKey> keys;
    table.tables("key", [&](Table& key) { keys.push_back({key.text("id", true), key.text("secret", true)}); });
    return keys;
}

FixedAccount read_account(Table& table) {
    FixedAccount account;
    account.id = table.text("id", true);
    account.alias = table.text("alias");
    account.root_keys = read_keys(table);
    table.tables("user", [&](Table& user) {
        account.users.push_back({user.text("name", true), user.texts("policies"), read_keys(user)});
    });
    table.tables("role", [&](Table& role) {
        FixedAccount::FixedRole fixed{role.text("name", true), role.text("session"), role.texts("policies"), {}};
        role.tables("credentials", [&](Table& session) {
            fixed.sessions.push_back(
                {session.text("id", true), session.text("secret", true), session.text("session_token", true)});
        });
        account.roles.push_back(std::move(fixed));
    });
    return account;
}

Hold read_hold(Table& table) {
    Hold hold;
    hold.name = table.text("name", true);
    hold.account = table.text("account");
    hold.user = table.text("user");
    hold.resource = table.text("resource");
    hold.from = table.time("from", false);
    hold.to = table.time("to", true);
    return hold;
}

Result<gateway::UpstreamOptions> read_upstream(Table& table) {
    gateway::UpstreamOptions upstream;
    upstream.name = table.text("name", true);
    upstream.url = table.text("url", true);
    upstream.account = table.text("account");
    upstream.region = table.text("region");
    upstream.ca_file = table.text("ca_file");
    upstream.verify_tls = table.flag("verify_tls", upstream.verify_tls);
    upstream.forward_client_ip = table.flag("forward_client_ip", upstream.forward_client_ip);
    upstream.connect_timeout = table.duration("connect_timeout", upstream.connect_timeout);
    upstream.silence_timeout = table.duration("silence_timeout", upstream.silence_timeout);
    upstream.idle_timeout = table.duration("idle_timeout", upstream.idle_timeout);
    upstream.continue_timeout = table.duration("continue_timeout", upstream.continue_timeout);
    const auto profile = table.text("profile"), paths = table.text("admin_paths");
    const auto kind = wire::profile_of(profile.empty() ? "generic" : profile);
    if (!kind)
        return fail(Code::invalid,
                    fmt::format("profile: \"{}\" is none of generic, aws, moto, localstack, minio, ceph", profile));
    if (!paths.empty() && paths != "record" && paths != "ignore")
        return fail(Code::invalid, fmt::format("admin_paths: \"{}\" is none of record, ignore", paths));
    upstream.calls = {*kind, table.texts("endpoint_names"), table.text("default_service")};
    upstream.record_admin_paths = paths != "ignore";
    return upstream;
}

Result<gateway::ListenerOptions> read_listener(Table& table) {
    gateway::ListenerOptions listener;
    const auto endpoint = parse_endpoint(table.text("listen", true));
    const auto mode = table.text("mode");
    listener.forward = mode == "forward";
    listener.proxy_protocol = table.flag("proxy_protocol", false);
    listener.head_timeout = table.duration("head_timeout", listener.head_timeout);
    listener.client_timeout = table.duration("client_timeout", listener.client_timeout);
    listener.idle_timeout = table.duration("idle_timeout", listener.idle_timeout);
    table.tables("certificates", [&](Table& files) {
        listener.tls.push_back({files.text("certificate", true), files.text("key", true)});
    });
    table.tables("routes", [&](Table& route) {
        listener.routes.push_back(
            {route.text("host"), route.text("sni"), route.text("service"), route.text("upstream", true)});
    });
    if (!endpoint) return fail(endpoint.error());
    if (!mode.empty() && mode != "forward" && mode != "reverse")
        return fail(Code::invalid, fmt::format("mode: \"{}\" is none of reverse, forward", mode));
    if (listener.forward && (!listener.tls.empty() || !listener.routes.empty()))
        return fail(Code::invalid, "a listener of mode forward has neither certificates nor routes");
    listener.host = endpoint->host;
    listener.port = endpoint->port;
    return listener;
}

/// Calls `read` for each table of the list `name`; "a.b" is the list b in table a.
template <class Read>
Result<void> read_list(const std::string& path, const toml::table& file, const std::string& name, Read&& read) {
    const auto found = file.at_path(name);
    const auto* node = found.node();
    if (!node) return {};
    if (!node->is_array_of_tables())
        return fail(Code::invalid,
                    fmt::format("{} line {}: {} is not a list of tables", path, node->source().begin.line, name));
    for (const auto& item : *node->as_array()) {
        Table table(*item.as_table(), name);
        const Result<void> fine = read(table);
        table.done();
        if (!table.error().empty()) return fail(Code::invalid, fmt::format("{} {}", path, table.error()));
        if (!fine)
            return fail(Code::invalid,
                        fmt::format("{} line {}: {}", path, item.source().begin.line, fine.error().message));
    }
    return {};
}

std::string scalar_text(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    return {};
}

/// A list of texts as one text, with commas between them. Empty when it is none.
std::optional<std::string> list_text(const toml::node& node) {
    std::string joined;
    for (const auto& item : *node.as_array()) {
        const auto text = item.value_exact<std::string>();
        if (!text || text->empty() || text->find(',') != std::string::npos) return std::nullopt;
        joined += (joined.empty() ? "" : ",") + *text;
    }
    return joined;
}

Result<void> flatten(const std::string& path, const toml::table& table, const std::string& prefix, ConfigFile& file) {
    for (const auto& [name, node] : table) {
        const auto key = prefix + std::string(name.str());
        const auto line = node.source().begin.line;
        if (key == "accounts" || key == "holds" || key == "gateway.upstreams" || key == "gateway.listeners") continue;
        if (node.is_table()) {
            CAIRN_TRY(flatten(path, *node.as_table(), key + ".", file));
        } else if (node.is_string() || node.is_integer() || node.is_boolean()) {
            file.values.push_back({key, scalar_text(node), line});
        } else if (const auto list = node.is_array() ? list_text(node) : std::nullopt) {
            file.values.push_back({key, *list, line});
        } else {
            return fail(
                Code::invalid,
                fmt::format("{} line {}: {} is neither text, number, true/false nor a list of texts", path, line, key));
        }
    }
    return {};
}

}  // namespace

Result<ConfigFile> read_config_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return fail(Code::invalid, fmt::format("configuration file {} is a folder", path));
    auto parsed = toml::parse_file(path);
    if (!parsed) {
        const auto& error = parsed.error();
        const auto line = error.source().begin.line;
        if (line == 0) return fail(Code::not_found, fmt::format("configuration file {} cannot be read", path));
        return fail(Code::invalid, fmt::format("{} line {}: {}", path, line, error.description()));
    }
    ConfigFile file;
    CAIRN_TRY(flatten(path, parsed.table(), "", file));
    CAIRN_TRY(read_list(path, parsed.table(), "accounts", [&](Table& table) -> Result<void> {
        file.accounts.push_back(read_account(table));
        return {};
    }));
    CAIRN_TRY(read_list(path, parsed.table(), "holds", [&](Table& table) {
        file.holds.push_back(read_hold(table));
        return check_hold(file.holds.back());
    }));
    CAIRN_TRY(read_list(path, parsed.table(), "gateway.upstreams", [&](Table& table) -> Result<void> {
        auto upstream = read_upstream(table);
        if (!upstream) return fail(std::move(upstream).error());
        file.upstreams.push_back(std::move(*upstream));
        return {};
    }));
    CAIRN_TRY(read_list(path, parsed.table(), "gateway.listeners", [&](Table& table) -> Result<void> {
        auto listener = read_listener(table);
        if (!listener) return fail(std::move(listener).error());
        file.listeners.push_back(std::move(*listener));
        return {};
    }));
    return file;
}

}  // namespace cairn::node
