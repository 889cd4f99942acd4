#pragma once

#include <string>
#include <vector>

#include "identity/principal.h"

namespace cairn::identity {

/// The principals behind keys. A policy that cannot be read leaves the principal without any, and is logged: nothing
/// can be allowed by a set of policies that is not wholly understood.

Principal root_principal(const std::string& account, const std::string& key_id);
Principal user_principal(const User& user, const std::string& key_id);
Principal session_principal(const std::string& account, const std::string& role, const std::string& role_id,
                            const std::string& session, const std::vector<std::string>& policies,
                            const std::string& key_id);
Principal token_principal(const AccessKey& token);

/// Reads all documents. Error: invalid, as Policy::parse.
Result<std::vector<policy::Policy>> parse_policies(const std::vector<std::string>& documents);

}  // namespace cairn::identity
