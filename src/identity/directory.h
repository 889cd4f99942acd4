#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "policy/policy.h"
#include "seam/clock.h"
#include "seam/meta_store.h"
#include "sign/seal.h"

namespace cairn::identity {

/// Who may call cairn: accounts, users, roles, access keys and ingest tokens. Two sources, one answer: the meta store
/// (changed by `cairn keys` and the API) and the configuration file (fixed while running). On equal ids the file wins.

enum class PrincipalType : std::uint8_t { root, user, role_session, ingest_token };

/// A caller after authentication.
struct Principal {
    PrincipalType type = PrincipalType::user;
    std::string account;        ///< 12 digits
    std::string arn;            ///< "arn:aws:iam::111122223333:user/ana"
    std::string principal_id;   ///< AIDA..., the account id for root
    std::string name;           ///< user name, session name; "root"
    std::string access_key_id;  ///< for tokens: the token's id
    std::vector<policy::Policy> policies; ///< root: may do everything in its account, and, if `operator_account`, in all
    bool operator_account = false;        ///< the node's first account: sees and writes every account unless a policy says less
    Time authenticated{};                 ///< when the caller was authenticated: aws:CurrentTime in policies
};

struct User {
    std::string account, name, path = "/", id;
    std::vector<std::string> policies;  ///< JSON documents
    Time created{};
};

struct AccessKey {
    std::string id;         ///< AKIA...; ingest tokens: "cairn-" and 16 characters
    std::string account;
    std::string user;       ///< empty: root of the account
    bool ingest = false;    ///< a bearer token for cairn:Ingest only
    bool active = true;
    Time created{};
    std::vector<std::string> ingest_accounts;  ///< ingest tokens: accounts it may write; "*" for all
    std::string description;
};

/// A key with its secret, as printed once.
struct NewKey {
    AccessKey key;
    std::string secret;
};

/// One account of the configuration file.
struct FixedAccount {
    std::string id, alias;
    struct FixedKey { std::string id, secret; };
    struct FixedUser {
        std::string name;
        std::vector<std::string> policies;
        std::vector<FixedKey> keys;
    };
    struct FixedRole {  ///< a session of it is what a key with a session token stands for
        std::string name, session;
        std::vector<std::string> policies;
        struct Session { std::string access_key_id, secret, session_token; };
        std::vector<Session> sessions;
    };
    std::vector<FixedUser> users;
    std::vector<FixedRole> roles;
    std::vector<FixedKey> root_keys;
};

/// Whether a node can be started with these accounts. Error: invalid, naming account, user and what is wrong: a policy, an
/// id that is there twice, a missing secret.
Result<void> check_fixed(const std::vector<FixedAccount>& accounts);

/// All members may be called from any thread. The operator account is the one given, else the one that bootstrap() made,
/// or, where that never ran, the first of the configuration file.
class Directory {
public:
    /// Keys of the file whose policies cannot be read may do nothing: call check_fixed() first.
    Directory(MetaStore& store, sign::SecretBox box, const Clock& clock, std::vector<FixedAccount> fixed,
              std::string operator_account = {});
    ~Directory();

    /// The first start: makes `account` the operator account, with a root key. Empty when that was done before.
    /// Error: invalid, when `account` is not twelve digits.
    Result<std::optional<NewKey>> bootstrap(const std::string& account);

    struct Found {
        Principal principal;
        std::string secret;         ///< to verify a signature with; never logged
        std::string session_token;  ///< that must be presented with it; empty: none
        bool active = true;
    };
    /// By access key id. Answers from memory after the first time; changes made by other processes show within a second,
    /// own ones at once. While the store fails, what is in memory stays valid. Errors: not_found; those of the store.
    Result<Found> find(std::string_view access_key_id);

    /// By bearer token. Compares hashes: tokens are not stored. Error: not_found.
    Result<Found> find_token(std::string_view token);

    /// For the root of an account, which is made if it is new, or for a user that exists, here or in the file.
    /// Errors: invalid (no account id), not_found (no such user).
    Result<NewKey> create_key(const std::string& account, const std::string& user, const std::string& description);

    /// `accounts` as AccessKey::ingest_accounts, at least one. NewKey::secret is the bearer token. Error: invalid.
    Result<NewKey> create_ingest_token(const std::string& account, std::vector<std::string> accounts, const std::string& description);

    /// Errors: not_found; conflict, when the key is one of the file.
    Result<void> set_active(const std::string& key_id, bool active);
    Result<void> delete_key(const std::string& key_id);

    /// Of the store in order of id, then those of the file.
    Result<std::vector<AccessKey>> list_keys();

    /// Makes or changes it, and its account if that is new; policies are parsed first. A new user gets an id, a changed one
    /// keeps id and time. Errors: invalid; conflict, when the user is one of the file.
    Result<void> put_user(const User& user);
    /// With all its keys. Errors: not_found; conflict, when the user is one of the file.
    Result<void> delete_user(const std::string& account, const std::string& name);
    Result<std::vector<User>> list_users();             ///< file and store, by account and name
    Result<std::vector<std::string>> accounts();        ///< file and store, sorted

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::identity
