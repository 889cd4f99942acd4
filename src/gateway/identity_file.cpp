#include "gateway/identity_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/log.h"
#include "event/user_identity.h"
#include "gateway/account_of_key.h"

namespace cairn::gateway {

namespace {

Result<Json> read_document(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && (text[first] == '{' || (text[first] == '[' && text[first + 1] != '[')))
        if (auto json = parse_json(text); json || text[first] == '{') return json;
    const auto parsed = toml::parse(text);
    if (!parsed)
        return fail(Code::invalid,
                    fmt::format("line {}: {}", parsed.error().source().begin.line, parsed.error().description()));
    std::ostringstream out;
    out << toml::json_formatter(parsed.table());
    return parse_json(out.str());
}

Result<void> check_members(const Json& json, std::string_view what, std::initializer_list<std::string_view> known) {
    if (!json.is_object()) return fail(Code::invalid, fmt::format("{} is no table", what));
    for (const auto& [name, value] : json.as_object())
        if (std::ranges::find(known, std::string_view(name)) == known.end())
            return fail(Code::invalid, fmt::format("{} has no member \"{}\"", what, name));
    return {};
}

Result<std::string> account_member(const Json& json, std::string_view what) {
    const auto* member = json.find("accountId");
    if (!member || is_account_id(member->as_string())) return std::string(json.text("accountId"));
    return fail(Code::invalid, fmt::format("accountId of {} is not twelve digits", what));
}

Json role_session(const Json& key) {
    const auto role_arn = key.text("roleArn");
    const auto role = read_principal_arn(role_arn);
    const std::string session(key.text("sessionName"));
    const std::string id(key.text("principalId"));
    std::string arn = "arn:";
    arn.append(role->partition).append(":sts::").append(role->account).append(":assumed-role/");
    arn.append(role->name).append("/").append(session);
    SessionContext context;
    context.issuer = {.type = "Role",
                      .principal_id = id.substr(0, id.find(':')),
                      .arn = std::string(role_arn),
                      .account = std::string(role->account),
                      .user_name = std::string(role->name)};
    return user_identity({.type = "AssumedRole",
                          .principal_id = id,
                          .arn = std::move(arn),
                          .account = std::string(role->account),
                          .user_name = {}},
                         &context);
}

Result<Json> identity_of_key(const Json& key, const std::string& id) {
    const auto account = account_member(key, "key " + id);
    if (!account) return fail(account.error());
    if (!key.text("roleArn").empty()) {
        const auto role = read_principal_arn(key.text("roleArn"));
        if (!role || role->kind != PrincipalArn::Kind::role || key.text("sessionName").empty())
            return fail(Code::invalid, fmt::format("key {} needs the ARN of a role and a sessionName", id));
        return role_session(key);
    }
    const std::string user(key.text("userName"));
    Principal principal{.type = std::string(key.text("type")),
                        .principal_id = std::string(key.text("principalId")),
                        .arn = std::string(key.text("arn")),
                        .account = *account,
                        .user_name = user};
    if (principal.type.empty()) principal.type = user.empty() && principal.arn.empty() ? "AWSAccount" : "IAMUser";
    if (principal.type == "Root" && !account->empty()) {
        if (principal.principal_id.empty()) principal.principal_id = *account;
        if (principal.arn.empty()) principal.arn = "arn:aws:iam::" + *account + ":root";
    }
    if (principal.type == "IAMUser" && principal.arn.empty() && !account->empty())
        principal.arn = "arn:aws:iam::" + *account + ":user/" + user;
    return user_identity(principal, nullptr);
}

}  // namespace

Result<Identities> Identities::parse(std::string_view text) {
    auto document = read_document(text);
    if (!document) return fail(std::move(document).error());
    if (document->is_array()) document = Json(JsonObject{{"keys", *document}});
    CAIRN_TRY(check_members(*document, "the file", {"keys", "accounts", "defaultAccounts"}));
    for (const char* name : {"keys", "accounts"})
        if (const auto* member = document->find(name); member && !member->is_array())
            return fail(Code::invalid, fmt::format("{} is no list of tables", name));
    Identities read;
    if (const auto* keys = document->find("keys"))
        for (const auto& key : keys->as_array()) CAIRN_TRY(read.read_key(key));
    if (const auto* accounts = document->find("accounts"))
        for (const auto& account : accounts->as_array()) CAIRN_TRY(read.read_account(account));
    if (const auto* defaults = document->find("defaultAccounts"))
        for (const auto& [upstream, account] : defaults->as_object()) {
            if (!is_account_id(account.as_string()))
                return fail(Code::invalid, fmt::format("defaultAccounts.{} is not twelve digits", upstream));
            read.default_accounts_[upstream] = account.as_string();
        }
    return read;
}

Result<void> Identities::read_key(const Json& key) {
    // secretKey may be there for other readers of the file; nothing here needs it.
    CAIRN_TRY(check_members(key, "a key",
                            {"accessKeyId", "upstream", "type", "accountId", "userName", "roleArn", "sessionName",
                             "principalId", "arn", "secretKey"}));
    const std::string id(key.text("accessKeyId"));
    if (id.empty()) return fail(Code::invalid, "a key has no accessKeyId");
    auto identity = identity_of_key(key, id);
    if (!identity) return fail(std::move(identity).error());
    keys_[fmt::format("{}\n{}", key.text("upstream"), id)] = std::move(*identity);
    return {};
}

Result<void> Identities::read_account(const Json& account) {
    CAIRN_TRY(check_members(account, "an account", {"accountId", "alias", "rootKeys", "upstream"}));
    const auto id = account_member(account, "an account");
    if (!id) return fail(id.error());
    if (id->empty()) return fail(Code::invalid, "an account has no accountId");
    if (const auto alias = account.text("alias"); !alias.empty()) aliases_[*id] = alias;
    if (const auto* root_keys = account.find("rootKeys"))
        for (const auto& key : root_keys->as_array())
            keys_[fmt::format("{}\n{}", account.text("upstream"), key.as_string())] =
                user_identity_of_arn("arn:aws:iam::" + *id + ":root", {});
    return {};
}

Json Identities::find(std::string_view upstream, std::string_view key_id) const {
    auto found = keys_.find(fmt::format("{}\n{}", upstream, key_id));
    if (found == keys_.end()) found = keys_.find(fmt::format("\n{}", key_id));
    return found == keys_.end() ? Json() : found->second;
}

std::string Identities::default_account(std::string_view upstream) const {
    const auto found = default_accounts_.find(upstream);
    return found == default_accounts_.end() ? std::string() : found->second;
}

std::string Identities::alias(std::string_view account) const {
    const auto found = aliases_.find(account);
    return found == aliases_.end() ? std::string() : found->second;
}

Result<std::unique_ptr<IdentityFile>> IdentityFile::open(std::string path, std::chrono::milliseconds pause) {
    std::unique_ptr<IdentityFile> file(new IdentityFile(std::move(path)));
    CAIRN_TRY(file->read());
    file->looking_.emplace(pause, [raw = file.get()] { raw->look(); });
    return file;
}

std::shared_ptr<const Identities> IdentityFile::now() const {
    const std::lock_guard lock(mutex_);
    return identities_;
}

IdentityFile::Stamp IdentityFile::stamp() const {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path_, error);
    if (error) return {};
    const auto size = std::filesystem::file_size(path_, error);
    return {time.time_since_epoch().count(), error ? 0 : size};
}

Result<void> IdentityFile::read() {
    read_ = stamp();
    std::ifstream file(path_, std::ios::binary);
    if (!file) return fail(Code::not_found, fmt::format("identity file {} cannot be opened", path_));
    std::ostringstream text;
    text << file.rdbuf();
    auto read = Identities::parse(text.str());
    if (!read) return fail(Code::invalid, fmt::format("identity file {}: {}", path_, read.error().message));
    auto identities = std::make_shared<const Identities>(std::move(*read));
    const std::lock_guard lock(mutex_);
    identities_ = std::move(identities);
    return {};
}

void IdentityFile::look() {
    // One that is being written is read once it is whole: when it has not changed from one look to the next.
    const auto seen = stamp();
    if (std::exchange(seen_, seen) != seen || seen == read_) return;
    if (const auto read_again = read(); !read_again)
        log_warning("the identity file is not taken over", {{"reason", read_again.error().message}});
    else
        log_info("the identity file is read again", {{"file", path_}});
}

}  // namespace cairn::gateway
