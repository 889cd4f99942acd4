#pragma once

#include <string_view>

#include "base/json.h"

namespace cairn::wire {

/// CloudFormation's records show "****" for the values of parameters that their template declares NoEcho. Hides those
/// in `parameters`, requestParameters of one of its calls: where the call has the template in it, the values that it
/// says are secret; where it is elsewhere, at a URL or with the stack, nobody knows which they are, and all values are
/// hidden.
void hide_stack_secrets(Json& parameters);

/// Does a template, in JSON or YAML, say of a parameter that its value is not to be shown? True also of one that it
/// does not declare in a way that is understood, if it hides any.
bool hides_parameter(std::string_view template_body, std::string_view parameter);

}  // namespace cairn::wire
