#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace cairn {

/// Reads a time as people write it: "2026-11-19", "2026-11-19 14:00[:30]" (UTC), RFC 3339, seconds or milliseconds
/// since 1970. Empty when it is none of these.
std::optional<Time> parse_written_time(std::string_view text);

/// The same, or what is told from `now`: "now", "-2h", "2h ago".
std::optional<Time> parse_moment(std::string_view text, Time now);

}  // namespace cairn
