#pragma once

#include <string_view>

#include "view/session/fact.h"

namespace cairn::session {

/// gateway.md 4.2 in code. Without effect and without error: what cannot be read tells nothing.
Facts facts_of(const Observation& call);

/// True when a call of that name may tell more than who made it, for it did not fail: others need no look at parameters
/// and answer.
bool tells_more(std::string_view event_source, std::string_view event_name, std::string_view error_code);

/// True of the message of a failed call that may say who made it.
bool may_name_caller(std::string_view error_message);

/// As tells_more(), of a name whose source is not known, and of a call whose answer is not in its record.
bool name_tells_more(std::string_view event_name, bool has_answer);

}  // namespace cairn::session
