#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/object_retention.h"

namespace cairn::dir {

/// What the meta store holds about an object that retention removed (docs/format/bucket.md).
std::string encode_tombstone(std::string_view key, const ObjectTombstone& tombstone);

/// Errors: corrupt (naming the key); invalid, when a newer version wrote it.
Result<ObjectTombstone> decode_tombstone(std::string_view key, std::string_view bytes);

}  // namespace cairn::dir
