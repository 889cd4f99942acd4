#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace cairn::wire {

/// Reads one CBOR item (RFC 8949) as the JSON that means the same: byte strings in base64, tags left out (tag 1, a
/// time, is a number of seconds), undefined as null, numbers that JSON does not have as "NaN", "Infinity", "-Infinity".
/// Error: invalid: malformed, bytes behind the item, nested deeper than 64, keys of maps that are no text.
Result<Json> parse_cbor(std::string_view bytes);

}  // namespace cairn::wire
