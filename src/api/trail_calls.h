#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/trail_services.h"
#include "base/json.h"
#include "wire/errors.h"

namespace cairn::api {

/// An operation on trails: `input` has the types of the model. Answers its output, as Model::write takes it. Blocks.
using TrailOperation = std::expected<Json, wire::ApiError> (*)(const TrailServices&, const Call&, const Json& input);

/// Null when it is none of these.
TrailOperation find_trail_operation(std::string_view operation);

/// It asks the services that a trail names, which may not answer for a while.
bool asks_elsewhere(std::string_view operation);

/// What a policy must allow the operation on: the ARN of the trail it names, or "*".
std::string trail_resource(std::string_view operation, const Call& call, const Json& input);

}  // namespace cairn::api
