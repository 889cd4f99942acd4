#pragma once

#include <string>
#include <string_view>

namespace cairn::cli {

/// Percent-encodes everything but letters, digits and "-._~" (RFC 3986, unreserved characters).
std::string percent_encode(std::string_view text);

}  // namespace cairn::cli
