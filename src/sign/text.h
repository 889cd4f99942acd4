#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::sign {

/// Appends `text` with everything but the unreserved characters of RFC 3986 percent-encoded in upper case.
void append_encoded(std::string& out, std::string_view text, bool keep_slash = false);

/// Percent-decodes; a broken escape stays as it is. `plus_is_space` reads '+' as a space.
std::string decoded(std::string_view text, bool plus_is_space);

std::string lower_case(std::string_view text);
bool equal_ignoring_case(std::string_view one, std::string_view other);

/// Without white space around it, and every white space inside made one blank.
void append_folded(std::string& out, std::string_view text);
std::string_view trimmed(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

/// The target before and after the first '?'.
std::string_view path_of(std::string_view target);
std::string_view query_of(std::string_view target);

}  // namespace cairn::sign
