#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace cairn {

/// Reads a date and time, or a date alone, of ISO 8601 as far as it names a calendar day: the extended and the basic
/// form
/// ("20261119T140000Z"), with or without seconds, fraction and zone ("Z", "+01:00", "+0100", "+01"; UTC without one), a
/// space for the T. Eight digits alone are no date but a number. Empty when it is none of these.
std::optional<Time> parse_iso8601(std::string_view text);

/// Reads a time as people write it: ISO 8601 as above, seconds or milliseconds since 1970. Empty when it is none of
/// these.
std::optional<Time> parse_written_time(std::string_view text);

/// The same, or what is told from `now`: "now", "-2h", "2h ago".
std::optional<Time> parse_moment(std::string_view text, Time now);

}  // namespace cairn
