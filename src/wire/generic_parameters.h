#pragma once

#include "base/json.h"
#include "wire/call_head.h"
#include "wire/classify.h"
#include "wire/request_body.h"

namespace cairn::wire {

/// requestParameters of a call that no model has: its query, and its body where that is JSON, CBOR or a form, under the
/// rules of those that have one, as far as they can be kept without knowing types. Whatever is called as secrets are is
/// hidden, and nothing of signatures is shown.
Json generic_parameters(const CallHead& call, const Classified& classified, const RequestBody& body);

/// Is a member or parameter called as secrets are? Rather one too many: "token" and "credential" count, tokens that
/// page through a list or make a call idempotent do not.
bool may_be_secret(std::string_view name);

}  // namespace cairn::wire
