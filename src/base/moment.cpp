#include "base/moment.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace cairn {

namespace {

std::optional<Time> epoch(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // Seconds reach 11 digits in the year 5138; milliseconds had 12 in 1973.
    constexpr std::int64_t seconds_max = 100'000'000'000, milliseconds_max = 253'402'300'799'999;
    if (value < -seconds_max || value > milliseconds_max) return std::nullopt;
    return from_milliseconds(value >= seconds_max ? value : value * 1000);
}

}  // namespace

std::optional<Time> parse_written_time(std::string_view text) {
    if (const auto time = epoch(text)) return time;
    constexpr std::size_t longest = 64;
    if (text.size() > longest) return std::nullopt;
    std::string full(text);
    if (full.size() > 10 && full[10] == ' ') full[10] = 'T';
    for (const auto* rest : {"", "Z", ":00Z", "T00:00:00Z"})
        if (const auto time = parse_time(full + rest)) return time;
    return std::nullopt;
}

std::optional<Time> parse_moment(std::string_view text, Time now) {
    if (text == "now") return now;
    constexpr std::string_view ago = " ago";
    const bool minus = text.starts_with('-');
    if (!minus && !text.ends_with(ago)) return parse_written_time(text);
    const auto before = parse_duration(minus ? text.substr(1) : text.substr(0, text.size() - ago.size()));
    return before ? std::optional(now - *before) : std::nullopt;
}

}  // namespace cairn
