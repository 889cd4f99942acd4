#pragma once

#include "base/json.h"
#include "wire/classify.h"
#include "wire/request_body.h"

namespace cairn::wire {

/// What a record's requestParameters show of a call, by the shape of its input ("CloudTrail record contents" of the
/// CloudTrail user guide, and what records show). Secrets never get in: they are dropped while reading.
/// null when there is nothing to show. `key_schema` may be empty.
Json request_parameters(const CallHead& call, const Classified& classified, const RequestBody& body,
                        const KeySchema& key_schema = {});

}  // namespace cairn::wire
