#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/principal.h"
#include "seam/clock.h"
#include "seam/meta_store.h"
#include "sign/seal.h"

namespace cairn::identity {

/// Whether a node can be started with these accounts. Error: invalid, naming account, user and what is wrong: a policy,
/// an id that is there twice, a missing secret.
Result<void> check_fixed(const std::vector<FixedAccount>& accounts);

/// Who may call cairn: accounts, users, roles, access keys and ingest tokens. Two sources, one answer: the meta store
/// (changed by `cairn keys` and the API) and the configuration file (fixed while running). On equal ids the file wins.
/// All members may be called from any thread. The operator account is the one given, else the one that bootstrap()
/// made, or, where that never ran, the first of the configuration file.
class Directory {
public:
    /// Keys of the file whose policies cannot be read may do nothing: call check_fixed() first.
    Directory(MetaStore& store, sign::SecretBox box, const Clock& clock, std::vector<FixedAccount> fixed,
              std::string operator_account = {});
    ~Directory();

    /// The first start: makes `account` the operator account, with a root key. Empty when that was done before.
    /// Error: invalid, when `account` is not twelve digits.
    Result<std::optional<NewKey>> bootstrap(const std::string& account);

    using Found = KnownKey;
    /// By access key id. Answers from memory after the first time; changes made by other processes show within a
    /// second, own ones at once. While the store fails, what is in memory stays valid. Errors: not_found; those of the
    /// store.
    Result<Found> find(std::string_view access_key_id);

    /// By bearer token. Compares hashes: tokens are not stored. Error: not_found.
    Result<Found> find_token(std::string_view token);

    /// For the root of an account, which is made if it is new, or for a user that exists, here or in the file.
    /// Errors: invalid (no account id), not_found (no such user).
    Result<NewKey> create_key(const std::string& account, const std::string& user, const std::string& description);

    /// `accounts` as AccessKey::ingest_accounts, at least one. NewKey::secret is the bearer token. Error: invalid.
    Result<NewKey> create_ingest_token(const std::string& account, std::vector<std::string> accounts,
                                       const std::string& description);

    /// A session of a role that exists in the store: a temporary key, whose NewKey::session_token is to be presented
    /// with it. After `lifetime` it is refused; zero: never. Errors: invalid (a name), not_found (no such role).
    Result<NewKey> create_session(const std::string& account, const std::string& role, const std::string& session,
                                  std::chrono::milliseconds lifetime, const std::string& description);

    /// Errors: not_found; conflict, when the key is one of the file.
    Result<void> set_active(const std::string& key_id, bool active);
    Result<void> delete_key(const std::string& key_id);

    /// Of the store in order of id, then those of the file.
    Result<std::vector<AccessKey>> list_keys();

    /// Makes or changes it, and its account if that is new; policies are parsed first. A new user gets an id, a changed
    /// one keeps id and time. Errors: invalid; conflict, when the user is one of the file.
    Result<void> put_user(const User& user);
    /// The same for a role, whose sessions it changes, too.
    Result<void> put_role(const Role& role);
    /// With all its keys. Errors: not_found; conflict, when the user is one of the file.
    Result<void> delete_user(const std::string& account, const std::string& name);
    Result<std::vector<User>> list_users();       ///< file and store, by account and name
    Result<std::vector<std::string>> accounts();  ///< file and store, sorted

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::identity
