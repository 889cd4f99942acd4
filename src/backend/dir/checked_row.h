#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::dir {

/// The frame of all rows about objects: a version before and a checksum behind, which covers the key, too, so that a
/// row cannot stand under another one.

inline constexpr char row_version = 1;

/// Appends the checksum to a row that begins with its version.
std::string sealed(std::string_view key, std::string row);

/// What is between version and checksum. Errors: corrupt (naming the key); invalid, when a newer version wrote it.
Result<std::string_view> unsealed(std::string_view key, std::string_view row);

std::unexpected<Error> damaged_row(std::string_view key);

}  // namespace cairn::dir
