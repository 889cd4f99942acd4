#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/principal.h"

namespace cairn::identity {

/// What the meta store holds of the directory, in the space "identity", each value a JSON object with its version:
///   account/ID         an account
///   user/ACCOUNT/NAME  a user
///   role/ACCOUNT/NAME  a role
///   key/ID             an access key with its sealed secret, or an ingest token with its hash
///   token/HASH         the id of the token with this SHA-256
///   operator           the account made by the first start
///   version            a number that grows with every change
inline constexpr std::string_view identity_space = "identity";

inline std::string account_key(std::string_view account) { return "account/" + std::string(account); }
inline std::string user_key(std::string_view account, std::string_view name) {
    return "user/" + std::string(account) + "/" + std::string(name);
}
inline std::string role_key(std::string_view account, std::string_view name) {
    return "role/" + std::string(account) + "/" + std::string(name);
}
inline std::string key_key(std::string_view id) { return "key/" + std::string(id); }
inline std::string token_key(std::string_view hash_hex) { return "token/" + std::string(hash_hex); }
inline constexpr std::string_view operator_key = "operator";
inline constexpr std::string_view version_key = "version";

struct StoredKey {
    AccessKey key;
    std::string sealed_secret;  ///< access keys: by SecretBox, with the key's id as context
    std::string sealed_token;   ///< keys of sessions: likewise, with the id and "/token" as context
    std::string token_hash;     ///< ingest tokens: SHA-256 in hex
};

std::string encode_account(Time created);
std::string encode_user(const User& user);
std::string encode_role(const Role& role);
std::string encode_key(const StoredKey& key);

/// Errors: corrupt, naming the user, role or key; unavailable, when a newer version of cairn wrote it.
Result<User> decode_user(std::string_view account, std::string_view name, std::string_view value);
Result<Role> decode_role(std::string_view account, std::string_view name, std::string_view value);
Result<StoredKey> decode_key(std::string_view id, std::string_view value);

}  // namespace cairn::identity
