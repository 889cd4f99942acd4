#include "cli/moment.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace cairn::cli {

namespace {

std::optional<Time> epoch(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // Seconds reach 11 digits in the year 5138; milliseconds had 12 in 1973.
    return from_milliseconds(value >= 100'000'000'000 ? value : value * 1000);
}

}  // namespace

std::optional<Time> parse_moment(std::string_view text, Time now) {
    if (text == "now") return now;
    if (text.starts_with('-')) {
        const auto ago = parse_duration(text.substr(1));
        return ago ? std::optional(now - *ago) : std::nullopt;
    }
    if (text.ends_with(" ago")) {
        const auto ago = parse_duration(text.substr(0, text.size() - 4));
        return ago ? std::optional(now - *ago) : std::nullopt;
    }
    if (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return epoch(text);
    std::string full(text);
    if (full.size() > 10 && full[10] == ' ') full[10] = 'T';
    for (const auto* rest : {"", "Z", ":00Z", "T00:00:00Z"})
        if (const auto time = parse_time(full + rest)) return time;
    return std::nullopt;
}

}  // namespace cairn::cli
