#pragma once

#include <string>

namespace cairn::dir {

/// The spaces of the meta store that hold what belongs to objects (docs/format/bucket.md).
inline constexpr const char* bucket_space = "object-buckets";
inline constexpr const char* leftover_space = "object-leftovers";  ///< files that no object uses any more
inline constexpr const char* state_space = "object-store";
inline std::string object_space(const std::string& bucket) { return "objects/" + bucket; }
inline std::string tombstone_space(const std::string& bucket) { return "object-tombstones/" + bucket; }

}  // namespace cairn::dir
