#include "view/session/members.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace cairn::session {

namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// "Mar 13, 2024, 9:33:45 AM", or without the second comma: as Java's default format has changed.
std::optional<Time> american_time(const std::string& text) {
    char month[4] = {}, half[3] = {};
    int day = 0, year = 0, hour = 0, minute = 0, second = 0;
    if (std::sscanf(text.c_str(), "%3s %d, %d%*[, ]%d:%d:%d %2s", month, &day, &year, &hour, &minute, &second, half) !=
        7)
        return std::nullopt;
    const auto found = std::ranges::find(months, std::string_view(month));
    if (found == months.end() || hour < 1 || hour > 12) return std::nullopt;
    const auto number = static_cast<unsigned>(found - months.begin()) + 1;
    const bool afternoon = std::string_view(half) == "PM";
    if (!afternoon && std::string_view(half) != "AM") return std::nullopt;
    char iso[32];
    std::snprintf(iso, sizeof(iso), "%04d-%02u-%02dT%02d:%02d:%02dZ", year % 10'000, number, day % 100,
                  hour % 12 + (afternoon ? 12 : 0), minute % 100, second % 100);
    return parse_time(iso);
}

}  // namespace

const Json* member(const Json& object, std::string_view name) {
    if (const auto* found = object.find(name)) return found;
    std::string other(name);
    if (!other.empty() && other[0] >= 'a' && other[0] <= 'z') other[0] = static_cast<char>(other[0] - 'a' + 'A');
    return object.find(other);
}

std::string_view text(const Json& object, std::string_view name) {
    const auto* found = member(object, name);
    return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

const Json& object(const Json& outer, std::string_view name) {
    static const Json nothing;
    const auto* found = member(outer, name);
    return found && found->is_object() ? *found : nothing;
}

const JsonArray& list(const Json& outer, std::string_view name) {
    static const JsonArray nothing;
    const auto* found = member(outer, name);
    return found && found->is_array() ? found->as_array() : nothing;
}

std::optional<Time> shown_time(const Json* value) {
    static constexpr double milliseconds_from = 1e11;  // in seconds that is the year 5138
    if (!value) return std::nullopt;
    if (value->is_number()) {
        const double number = value->as_number();
        if (!(number > 0 && number < 1e14)) return std::nullopt;
        return from_milliseconds(static_cast<std::int64_t>(number < milliseconds_from ? number * 1000 : number));
    }
    if (!value->is_string()) return std::nullopt;
    if (const auto time = parse_time(value->as_string())) return time;
    return american_time(value->as_string());
}

}  // namespace cairn::session
