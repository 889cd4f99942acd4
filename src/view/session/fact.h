#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace cairn::session {

/// What one call tells of who is behind keys. Pure: the same for an answer that passes the gateway, for a record of
/// the log, and for one of an imported trail.

/// How it is known who a key is, weakest first.
enum class Evidence : std::uint8_t {
    used,             ///< a call with it was seen, no more
    gateway_record,   ///< a gateway said so, for reasons of its own
    refusal,          ///< the service named the caller in "User: ARN is not authorized"
    caller_identity,  ///< GetCallerIdentity or GetUser answered the caller
    answer,           ///< a call gave the key out, or listed it
    trail_record,     ///< the service's own record names key and caller
};

/// "used", "gatewayRecord", "refusal", ...
std::string_view evidence_name(Evidence evidence);

/// Who asked for a key.
enum class ParentKind : std::uint8_t {
    none,       ///< nobody: it is a long-term key, or nothing is known
    unknown,    ///< temporary credentials, and the call that gave them was not seen
    principal,  ///< an id or ARN without a key: `name`
    service,    ///< a service on its own behalf: "elasticmapreduce.amazonaws.com"
    subject,    ///< somebody whom another provider vouches for: `name` at `provider`
    key,        ///< `name` is its id
};
struct Parent {
    ParentKind kind = ParentKind::none;
    std::string name, provider;
    friend bool operator==(const Parent&, const Parent&) = default;
};

/// A call as records show it. `account`: whose call it was, where the identity does not say. Views outlive facts_of().
struct Observation {
    std::string_view space;  ///< the upstream; empty: AWS itself, as imported trails have it
    std::string_view event_source, event_name, account, event_id, error_code, error_message;
    std::string_view key_id;  ///< who called; empty: without a key
    const Json* user_identity = nullptr;
    const Json* request_parameters = nullptr;
    const Json* answer = nullptr;  ///< responseElements, or what else is known of the answer
    Time at{};
    bool from_trail = false;  ///< the service wrote the record: its userIdentity is no claim
    bool verified = true;     ///< the upstream checks signatures
};

struct KeyFact {
    std::string key_id;
    Json identity;  ///< without accessKeyId; null: not told
    Evidence evidence = Evidence::used;
    Parent parent{};
    std::optional<Time> since{};    ///< it was given out then; empty: it is older than this call
    std::optional<Time> expires{};  ///< as the answer says
    bool temporary = false;
    bool inactive = false;
    std::string tags{};  ///< of the session, as JSON; may be empty
};
struct UserFact {
    std::string account, name, id, arn;
};
struct RoleFact {
    std::string account, name, id, arn;
};
/// Keys that do not work any more (or again): one, or all of a user.
struct KeyEnd {
    std::string key_id, account, user;
    bool again = false;
};

struct Facts {
    std::vector<KeyFact> keys;
    std::vector<UserFact> users;
    std::vector<RoleFact> roles;
    std::vector<KeyEnd> ends;
};

}  // namespace cairn::session
