#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::ingest {

/// Finding where JSON values end, at some GB/s and without checking them. All functions read up to 64 bytes beyond
/// `text`.

/// The position after the object or array that begins at `begin`, or npos when it is not closed. Brackets are counted
/// outside strings, kinds are not told apart.
std::size_t value_end(std::string_view text, std::size_t begin);

/// The position after the string whose opening quote is at `begin`, or npos.
std::size_t string_end(std::string_view text, std::size_t begin);

/// The position after a value of any kind, or npos.
std::size_t any_value_end(std::string_view text, std::size_t begin);

/// The first position from `at` on that holds no JSON white space; text.size() when there is none.
std::size_t skip_space(std::string_view text, std::size_t at);

/// Appends the content of a JSON string (without its quotes) with escapes resolved. False for a wrong escape or an
/// unpaired surrogate, which UTF-8 cannot hold.
bool unescape(std::string_view content, std::string& out);

}  // namespace cairn::ingest
