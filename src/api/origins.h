#pragma once

#include <optional>
#include <string_view>

#include "api/context.h"
#include "api/session_services.h"
#include "event/scope.h"
#include "match/key_window.h"

namespace cairn::api {

/// Whose keys a search for origins means, in the time that it is about and as far as the caller may see who that is.
/// Nothing when there are no `sessions`. Both outlive what is returned.
match::FindOrigins find_origins(const SessionServices* sessions, const Call& call, std::optional<Time> from,
                                std::optional<Time> to);

/// True when `scope` shows anything at all of the account; of an empty one when it shows every account.
bool sees_account(const Scope& scope, std::string_view account, const SessionServices& sessions);

/// True when a caller with that scope may learn of the origin.
bool sees_origin(const Scope& scope, const session::Origin& origin, const SessionServices& sessions);

}  // namespace cairn::api
