#pragma once

#include "base/json.h"
#include "wire/call_answer.h"
#include "wire/classify.h"

namespace cairn::wire {

/// What a successful answer holds, by the shape of its output and without secrets, whether or not a record shows it. null
/// when nothing is known of its shape, or it was not kept as a whole.
Json answered_members(const Classified& call, const CallAnswer& answer);

/// responseElements of a record: answered_members() of a call that changes something, or whose answer is always recorded
/// (STS AssumeRole*); null for all others, for errors, and for an answer without members.
Json response_elements(const Classified& call, const CallAnswer& answer);

}  // namespace cairn::wire
