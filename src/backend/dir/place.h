#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::dir {

/// Where the content of objects lies below a bucket's folder (docs/format/bucket.md). Two keys never share a place, and
/// each has two of each kind, so that a new content never touches the one that is in use.

/// The folder of everything that has no plain place. No plain place begins with it.
inline constexpr const char* hidden_folder = "~";

/// What names of half-written contents in it begin with.
inline constexpr const char* half_written = "new-";

/// The key as a path a person recognises; empty when a part of it would be longer than file systems allow.
std::string plain_place(std::string_view key, bool second);

/// Always possible: named by the hash of the key.
std::string hidden_place(std::string_view key, bool second);

/// Whether the path names a content that a put has not placed yet.
bool is_half_written(std::string_view path);

/// All places of the key but `used`.
std::vector<std::string> other_places(std::string_view key, std::string_view used);

}  // namespace cairn::dir
