#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace cairn::cli {

/// Reads a time as people type it: "-2h" and "2h ago" (before `now`), "now", "2026-11-19", "2026-11-19 14:00[:30]" (UTC),
/// RFC 3339, seconds or milliseconds since 1970. Empty when it is none of these.
std::optional<Time> parse_moment(std::string_view text, Time now);

}  // namespace cairn::cli
