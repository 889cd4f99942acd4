#pragma once

#include "view/session/rule.h"

namespace cairn::session {

/// Calls about users, roles and long-term keys, and those that tell who the caller is.
void caller_identity(const Rule& rule);
void one_user(const Rule& rule);
void users(const Rule& rule);
void one_role(const Rule& rule);
void roles(const Rule& rule);
void made_access_key(const Rule& rule);
void access_keys(const Rule& rule);
void ended_key(const Rule& rule);
void ended_user(const Rule& rule);

}  // namespace cairn::session
