#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace cairn {

/// userIdentity of a record, written as the service writes it: docs/format/record.md and the CloudTrail user guide,
/// "userIdentity element". Members that are not known are left out.

/// The ARN of somebody who may call. Views point into the text that was read.
struct PrincipalArn {
    enum class Kind : unsigned char { root, user, role, assumed_role, federated_user };
    Kind kind = Kind::user;
    std::string_view partition, account;
    std::string_view name;  ///< of the user or role, without path; of an assumed role's session; "root"
    std::string_view role;  ///< of an assumed role
};

/// Empty for anything else. "arn:aws:sts::A:user/NAME" is a user, too: moto writes it.
std::optional<PrincipalArn> read_principal_arn(std::string_view arn);

struct SessionIssuer {
    std::string type;  ///< "Role", "IAMUser", "Root"; empty: there is none
    std::string principal_id, arn, account, user_name;
};

/// What sessionContext says.
struct SessionContext {
    SessionIssuer issuer;
    std::string federated_provider;  ///< of webIdFederationData; empty: there is none
    std::vector<std::pair<std::string, std::string>> federated_attributes;
    std::optional<Time> created;
    bool mfa = false;
    std::string source_identity;
    bool assumed_root = false;
};
Json session_context(const SessionContext& context);

struct Principal {
    std::string type, principal_id, arn, account, user_name;
};
/// `context` may be null.
Json user_identity(const Principal& principal, const SessionContext* context);

/// What the ARN alone tells, with `principal_id` as IAM calls it (AIDA..., AROA...:SESSION); of a role's session also
/// its issuer, as if the role had no path. null when the ARN is no caller's.
Json user_identity_of_arn(std::string_view arn, std::string_view principal_id);

/// `identity` with accessKeyId in its place.
Json with_access_key(const Json& identity, std::string_view key_id);

/// `identity` without what belongs to one call of it: accessKeyId, invokedBy.
Json without_call(const Json& identity);

/// True when it says whose call it is: not Unknown, nor only an account or a service.
bool is_somebody(const Json& identity);

}  // namespace cairn
