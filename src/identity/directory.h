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

class Directory {
public:
    Directory(MetaStore& store, sign::SecretBox box, const Clock& clock, std::vector<FixedAccount> fixed);
    ~Directory();

    /// The first start: makes `account` with a root key if the store holds no account. Empty when there was one.
    Result<std::optional<NewKey>> bootstrap(const std::string& account);

    struct Found {
        Principal principal;
        std::string secret;         ///< to verify a signature with; never logged
        std::string session_token;  ///< that must be presented with it; empty: none
        bool active = true;
    };
    /// By access key id. Answers from memory after the first time; changes show within a second. Error: not_found.
    Result<Found> find(std::string_view access_key_id);

    /// By bearer token. Compares hashes: tokens are not stored. Error: not_found.
    Result<Found> find_token(std::string_view token);

    Result<NewKey> create_key(const std::string& account, const std::string& user, const std::string& description);
    Result<NewKey> create_ingest_token(const std::string& account, std::vector<std::string> accounts, const std::string& description);
    Result<void> set_active(const std::string& key_id, bool active);
    Result<void> delete_key(const std::string& key_id);
    Result<std::vector<AccessKey>> list_keys();

    Result<void> put_user(const User& user);   ///< makes or changes it; policies are parsed first
    Result<void> delete_user(const std::string& account, const std::string& name);
    Result<std::vector<User>> list_users();
    Result<std::vector<std::string>> accounts();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::identity
