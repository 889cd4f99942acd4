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

bool is_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "HH", "HH:MM" or "HH:MM:SS[.fff]", or the same without colons, as RFC 3339 writes it.
std::string full_clock(std::string_view clock) {
    const auto point = std::min(clock.find('.'), clock.size());
    std::string full(clock.substr(0, point));
    if (is_digits(full))
        for (std::size_t at = 2; at < full.size(); at += 3) full.insert(at, ":");
    if (point < clock.size()) return full.append(clock.substr(point));
    if (full.size() == 2) full += ":00";
    if (full.size() == 5) full += ":00";
    return full;
}

std::string full_zone(std::string_view zone) {
    if (zone.empty()) return "Z";
    std::string full(zone);
    if (full.size() == 5 && is_digits(zone.substr(1))) full.insert(3, ":");
    if (full.size() == 3 && is_digits(zone.substr(1))) full += ":00";
    return full;
}

}  // namespace

std::optional<Time> parse_iso8601(std::string_view text) {
    constexpr std::size_t longest = 64;
    if (text.size() > longest) return std::nullopt;
    const auto between = text.find_first_of("Tt ");
    std::string time(text.substr(0, between));
    const bool basic = time.size() == 8 && is_digits(time);
    if (between == std::string_view::npos) return basic ? std::nullopt : parse_time(time + "T00:00:00Z");
    if (basic) time.insert(6, "-").insert(4, "-");
    const auto rest = text.substr(between + 1);
    const auto zone = std::min(rest.find_first_of("Zz+-"), rest.size());
    return parse_time(time + 'T' + full_clock(rest.substr(0, zone)) + full_zone(rest.substr(zone)));
}

std::optional<Time> parse_written_time(std::string_view text) {
    if (const auto time = epoch(text)) return time;
    return parse_iso8601(text);
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
