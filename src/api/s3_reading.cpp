#include "api/s3_reading.h"

#include <charconv>
#include <chrono>

#include "sign/text.h"

namespace cairn::api {

namespace {

std::optional<std::uint64_t> read_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

/// One of a list of ETags, with or without quotes, weak or not, or "*".
bool names(std::string_view list, std::string_view etag) {
    for (auto item : sign::split(list, ',')) {
        item = sign::trimmed(item);
        if (item == "*") return true;
        if (item.starts_with("W/")) item.remove_prefix(2);
        if (item.size() >= 2 && item.starts_with('"') && item.ends_with('"')) item = item.substr(1, item.size() - 2);
        if (item == etag) return true;
    }
    return false;
}

/// "Sat, 21 Nov 2026 16:00:00 GMT"; a date that cannot be read is no condition.
std::optional<Time> read_http_date(std::string_view text) {
    text = sign::trimmed(text);
    if (text.size() != 29) return std::nullopt;
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto month = months.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    const auto number = month / 3 + 1;
    std::string date;
    date.append(text.substr(12, 4))
        .append(number < 10 ? "-0" : "-")
        .append(std::to_string(number))
        .append("-")
        .append(text.substr(5, 2));
    const auto time = parse_time(date + "T" + std::string(text.substr(17, 8)) + "Z");
    return time && format_http_date(*time) == text ? time : std::nullopt;
}

/// HTTP dates have whole seconds.
Time second_of(const ObjectInfo& info) { return std::chrono::floor<std::chrono::seconds>(info.modified); }

}  // namespace

std::optional<ObjectRange> read_range(std::string_view header) {
    constexpr std::string_view unit = "bytes=";
    header = sign::trimmed(header);
    if (!header.starts_with(unit)) return std::nullopt;
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = read_number(header.substr(0, dash)), last = read_number(header.substr(dash + 1));
    if (dash == 0) return last ? std::optional(ObjectRange{0, *last, true}) : std::nullopt;
    if (!first) return std::nullopt;
    if (dash + 1 == header.size()) return ObjectRange{*first, std::nullopt, false};
    if (!last || *last < *first) return std::nullopt;
    const auto size = *last - *first;
    return ObjectRange{*first, size == UINT64_MAX ? size : size + 1, false};
}

Precondition check_preconditions(const net::Request& request, const ObjectInfo& info) {
    const auto if_match = request.find("if-match"), if_none_match = request.find("if-none-match");
    if (!if_match.empty()) {
        if (!names(if_match, info.etag)) return Precondition::failed;
    } else if (const auto date = read_http_date(request.find("if-unmodified-since")); date && second_of(info) > *date) {
        return Precondition::failed;
    }
    if (!if_none_match.empty()) {
        if (names(if_none_match, info.etag)) return Precondition::not_modified;
    } else if (const auto date = read_http_date(request.find("if-modified-since")); date && second_of(info) <= *date) {
        return Precondition::not_modified;
    }
    return Precondition::holds;
}

bool range_counts(const net::Request& request, const ObjectInfo& info) {
    const auto if_range = request.find("if-range");
    if (if_range.empty()) return true;
    const auto date = read_http_date(if_range);
    return date ? *date == second_of(info) : !if_range.starts_with("W/") && names(if_range, info.etag);
}

}  // namespace cairn::api
