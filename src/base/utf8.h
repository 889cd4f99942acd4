#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

/// The beginning of a text from outside, fit for a message: at most `bytes_max` bytes of valid UTF-8 (RFC 3629), cut
/// between characters. A byte that belongs to no character becomes U+FFFD.
std::string valid_utf8(std::string_view text, std::size_t bytes_max = std::string_view::npos);

/// How many characters a text of valid UTF-8 has.
std::size_t count_characters(std::string_view text);

}  // namespace cairn
