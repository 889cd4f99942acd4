#pragma once

#include "base/json.h"
#include "wire/call_answer.h"
#include "wire/call_failure.h"
#include "wire/classify.h"

namespace cairn::wire {

/// What a successful answer holds, by the shape of its output and without secrets, whether or not a record shows it. Of
/// S3 that is the headers that records of object writes show, and the members of an answer that is learned from. null
/// when nothing is known of its shape, or it was not kept as a whole.
Json answered_members(const Classified& call, const CallAnswer& answer);

/// responseElements of a record: answered_members() of a call that changes something, or whose answer is always
/// recorded (STS AssumeRole*); null for all others, for errors, for data events but S3's (theirs are headers) and those
/// that are learned from, and for an answer without members.
Json response_elements(const Classified& call, const CallAnswer& answer);

/// Likewise of a call that failed: its message, for the services whose records repeat it here, else null.
Json failure_elements(const Classified& call, const CallFailure& failure);

/// Whether response_elements() of a successful call may be something.
bool shows_answer(const Classified& call);

}  // namespace cairn::wire
