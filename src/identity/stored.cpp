#include "identity/stored.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"

namespace cairn::identity {

namespace {

constexpr std::int64_t first_version = 1;
constexpr std::int64_t session_version =
    2;  ///< of keys of sessions: a reader of version 1 would take them for root keys
constexpr std::int64_t newest_version = session_version;

Json texts_json(const std::vector<std::string>& texts) {
    JsonArray array;
    for (const auto& text : texts) array.emplace_back(text);
    return array;
}

std::vector<std::string> texts_of(const Json* json) {
    std::vector<std::string> texts;
    if (json)
        for (const auto& item : json->as_array()) texts.push_back(item.as_string());
    return texts;
}

Time time_of(const Json& json, std::string_view name) {
    const auto* time = json.find(name);
    return from_milliseconds(time ? time->as_integer() : 0);
}

bool flag_of(const Json& json, std::string_view name) {
    const auto* value = json.find(name);
    return value && value->as_bool();
}

Result<Json> parse_versioned(const std::string& what, std::string_view value) {
    auto json = parse_json(value);
    if (!json || !json->is_object()) return fail(Code::corrupt, what + ": its stored form is damaged");
    const auto* version = json->find("v");
    if (!version || !version->is_integer()) return fail(Code::corrupt, what + ": its stored form has no version");
    if (version->as_integer() > newest_version)
        return fail(Code::unavailable, fmt::format("{}: stored in version {}, this cairn reads up to {}", what,
                                                   version->as_integer(), newest_version));
    return json;
}

}  // namespace

std::string encode_account(Time created) {
    return to_text(JsonObject{{"v", first_version}, {"created", to_milliseconds(created)}});
}

std::string encode_user(const User& user) {
    return to_text(JsonObject{{"v", first_version},
                              {"id", user.id},
                              {"path", user.path},
                              {"policies", texts_json(user.policies)},
                              {"created", to_milliseconds(user.created)}});
}

std::string encode_role(const Role& role) {
    return to_text(JsonObject{{"v", first_version},
                              {"id", role.id},
                              {"policies", texts_json(role.policies)},
                              {"created", to_milliseconds(role.created)}});
}

std::string encode_key(const StoredKey& stored) {
    const auto& key = stored.key;
    JsonObject object{{"v", key.role.empty() ? first_version : session_version},
                      {"account", key.account},
                      {"user", key.user},
                      {"active", key.active},
                      {"created", to_milliseconds(key.created)},
                      {"description", key.description}};
    if (key.ingest) {
        object.emplace_back("ingest", true);
        object.emplace_back("ingest_accounts", texts_json(key.ingest_accounts));
        object.emplace_back("sha256", stored.token_hash);
    } else {
        object.emplace_back("secret", to_base64(stored.sealed_secret));
    }
    if (!key.role.empty()) {
        object.emplace_back("role", key.role);
        object.emplace_back("session", key.session);
        object.emplace_back("expires", to_milliseconds(key.expires));
        object.emplace_back("token", to_base64(stored.sealed_token));
    }
    return to_text(object);
}

Result<User> decode_user(std::string_view account, std::string_view name, std::string_view value) {
    const auto json = parse_versioned(fmt::format("user {} of account {}", name, account), value);
    if (!json) return fail(json.error());
    User user;
    user.account = account;
    user.name = name;
    user.path = json->text("path");
    user.id = json->text("id");
    user.policies = texts_of(json->find("policies"));
    user.created = time_of(*json, "created");
    return user;
}

Result<Role> decode_role(std::string_view account, std::string_view name, std::string_view value) {
    const auto json = parse_versioned(fmt::format("role {} of account {}", name, account), value);
    if (!json) return fail(json.error());
    Role role;
    role.account = account;
    role.name = name;
    role.id = json->text("id");
    role.policies = texts_of(json->find("policies"));
    role.created = time_of(*json, "created");
    return role;
}

Result<StoredKey> decode_key(std::string_view id, std::string_view value) {
    const auto what = fmt::format("key {}", id);
    const auto json = parse_versioned(what, value);
    if (!json) return fail(json.error());
    StoredKey stored;
    stored.key.id = id;
    stored.key.account = json->text("account");
    stored.key.user = json->text("user");
    stored.key.active = flag_of(*json, "active");
    stored.key.role = json->text("role");
    stored.key.session = json->text("session");
    stored.key.expires = time_of(*json, "expires");
    stored.key.created = time_of(*json, "created");
    stored.key.description = json->text("description");
    stored.key.ingest = flag_of(*json, "ingest");
    stored.key.ingest_accounts = texts_of(json->find("ingest_accounts"));
    stored.token_hash = json->text("sha256");
    auto sealed = from_base64(json->text("secret"));
    auto token = from_base64(json->text("token"));
    if (!sealed || !token) return fail(Code::corrupt, what + ": its sealed secret is damaged");
    stored.sealed_secret = std::move(*sealed);
    stored.sealed_token = std::move(*token);
    return stored;
}

}  // namespace cairn::identity
