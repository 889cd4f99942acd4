#pragma once

#include "view/session/rule.h"

namespace cairn::session {

/// Calls that give out temporary keys.
void assume_role(const Rule& rule);
void assume_role_of_minio(const Rule& rule);
void assume_root(const Rule& rule);
void session_token(const Rule& rule);
void federation_token(const Rule& rule);
void role_credentials(const Rule& rule);
void identity_pool_credentials(const Rule& rule);
void express_session(const Rule& rule);
void pod_identity(const Rule& rule);
void certificate_session(const Rule& rule);

}  // namespace cairn::session
