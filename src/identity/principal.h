#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "identity/scope_cache.h"
#include "policy/policy.h"

namespace cairn::identity {

enum class PrincipalType : std::uint8_t { root, user, role_session, ingest_token };

/// A caller after authentication.
struct Principal {
    PrincipalType type = PrincipalType::user;
    std::string account;        ///< 12 digits
    std::string arn;            ///< "arn:aws:iam::111122223333:user/ana"
    std::string principal_id;   ///< AIDA..., the account id for root
    std::string name;           ///< user name, session name; "root"
    std::string access_key_id;  ///< for tokens: the token's id
    std::vector<policy::Policy>
        policies;  ///< root: may do everything in its account, and, if `operator_account`, in all
    bool operator_account =
        false;  ///< the node's first account: sees and writes every account unless a policy says less
    std::shared_ptr<ScopeCache>
        scopes{};          ///< of this caller; null when its policies ask for address or time of a request
    Time authenticated{};  ///< when the caller was authenticated: aws:CurrentTime in policies
};

struct User {
    std::string account, name, path = "/", id;
    std::vector<std::string> policies;  ///< JSON documents
    Time created{};
};

/// What a session of it may do is what its policies allow.
struct Role {
    std::string account, name, id;
    std::vector<std::string> policies;  ///< JSON documents
    Time created{};
};

struct AccessKey {
    std::string id;  ///< AKIA...; of a session: ASIA...; ingest tokens: "cairn-" and 16 characters
    std::string account;
    std::string user;           ///< empty: root of the account, or a session
    std::string role, session;  ///< of a session: the role's name and its own; else empty
    Time expires{};             ///< of a session: when its key is refused; no time: never
    bool ingest = false;        ///< a bearer token for cairn:Ingest only
    bool active = true;
    Time created{};
    std::vector<std::string> ingest_accounts;  ///< ingest tokens: accounts it may write; "*" for all
    std::string description;
};

/// A key with its secret, as printed once.
struct NewKey {
    AccessKey key;
    std::string secret;
    std::string session_token = {};  ///< of a session
};

/// One account of the configuration file.
struct FixedAccount {
    std::string id, alias;
    struct FixedKey {
        std::string id, secret;
    };
    struct FixedUser {
        std::string name;
        std::vector<std::string> policies;
        std::vector<FixedKey> keys;
    };
    struct FixedRole {  ///< a session of it is what a key with a session token stands for
        std::string name, session;
        std::vector<std::string> policies;
        struct Session {
            std::string access_key_id, secret, session_token;
        };
        std::vector<Session> sessions;
    };
    std::vector<FixedUser> users;
    std::vector<FixedRole> roles;
    std::vector<FixedKey> root_keys;
};

/// What an access key or token stands for.
struct KnownKey {
    Principal principal;
    std::string secret;         ///< to verify a signature with; never logged
    std::string session_token;  ///< that must be presented with it; empty: none
    bool active = true;
    Time expires{};  ///< no time: never
};

}  // namespace cairn::identity
