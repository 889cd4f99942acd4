#pragma once

#include "base/json.h"
#include "wire/call_place.h"
#include "wire/classify.h"

namespace cairn::wire {

/// resources of a record: what the call was about, from what its record shows of request and answer. null where
/// records list none. accountId is that of an ARN where it has one, else that of `place`.
Json call_resources(const Classified& call, const Json& request_parameters, const Json& response_elements,
                    const CallPlace& place);

}  // namespace cairn::wire
