#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace cairn::session {

/// Members of parameters and answers as records show them: "userName", but "UserName" where a service keeps its own
/// spelling. What is not there, or of another kind, is empty.

const Json* member(const Json& object, std::string_view name);
std::string_view text(const Json& object, std::string_view name);
const Json& object(const Json& outer, std::string_view name);
const JsonArray& list(const Json& outer, std::string_view name);

/// A time as records and answers show it: RFC 3339, "Mar 13, 2024, 9:33:45 AM", seconds (or milliseconds) since 1970.
std::optional<Time> shown_time(const Json* value);

}  // namespace cairn::session
