#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

/// A moment in UTC with milliseconds. CloudTrail writes whole seconds; other producers write fractions.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

inline std::int64_t to_milliseconds(Time time) { return time.time_since_epoch().count(); }
inline Time from_milliseconds(std::int64_t value) { return Time(std::chrono::milliseconds(value)); }

/// Reads an RFC 3339 date-time ("2026-11-21T16:00:00Z", fraction and "+01:00" allowed, seconds up to 60).
/// Finer digits than milliseconds are cut. Empty when `text` is anything else or names no real day.
std::optional<Time> parse_time(std::string_view text);

/// "2026-11-21T16:00:00Z"; milliseconds are printed only when there are any.
std::string format_time(Time time);

/// "20261121T160000Z", the form of X-Amz-Date, and back.
std::string format_amz_date(Time time);
std::optional<Time> parse_amz_date(std::string_view text);

/// "Sat, 21 Nov 2026 16:00:00 GMT", the form of the HTTP Date header (RFC 9110 section 5.6.7).
std::string format_http_date(Time time);

/// Reads "90d", "12h", "30m", "10s", "250ms" or "2w". Empty when `text` is anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace cairn
