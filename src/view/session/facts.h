#pragma once

#include <string_view>

#include "event/record.h"
#include "view/session/fact.h"

namespace cairn::session {

/// gateway.md 4.2 in code. Without effect and without error: what cannot be read tells nothing.
Facts facts_of(const Observation& call);

/// Records of other categories are no calls, and tell nothing.
bool is_call(Category category);

/// True when a call of that name, which did not fail, may tell more than who made it: others need no look at parameters
/// and answer.
bool tells_more(const EventView& event);

/// The same, of a name whose source is not known, and of a call whose answer is not in its record.
bool name_tells_more(std::string_view event_name, bool has_answer);

}  // namespace cairn::session
