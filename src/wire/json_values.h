#pragma once

#include <string>

#include "base/json.h"

namespace cairn::wire {

/// What records make of text without a type: "true" and "false" as booleans, integers without leading zero as numbers,
/// all other text as it is.
Json untyped_value(const std::string& text);

/// What clients and servers send need not be UTF-8; a record is. Bytes that are none become U+FFFD, in names and
/// values.
void make_valid(Json& value);

}  // namespace cairn::wire
