#include "wire/call_name.h"

#include <algorithm>
#include <array>

namespace cairn::wire {

namespace {

constexpr std::size_t name_bytes_max = 128, segment_bytes_max = 40, segments_max = 8;

constexpr std::array<std::string_view, 13> read_prefixes{"Get",    "List",     "Describe", "Lookup", "Head",
                                                         "Search", "BatchGet", "Query",    "Select", "Scan",
                                                         "View",   "Validate", "Check"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// "v2", "v20180820" or "2015-03-31": names a version of the API.
bool is_version(std::string_view segment) {
    if (segment.starts_with('v')) return segment.size() > 1 && std::ranges::all_of(segment.substr(1), is_digit);
    return segment.size() == 10 && segment[4] == '-' && segment[7] == '-' &&
           std::ranges::count_if(segment, is_digit) == 8;
}

bool is_fixed(std::string_view segment) {
    if (segment.size() > segment_bytes_max) return false;
    return is_version(segment) ||
           std::ranges::all_of(segment, [](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

std::string given_name(std::string_view name) {
    std::string out(name.substr(0, name_bytes_max));
    std::erase_if(out, [](char c) {
        return !is_letter(c) && !is_digit(c) && std::string_view("._:-").find(c) == std::string_view::npos;
    });
    return out;
}

std::string path_name(std::string_view method, std::string_view path) {
    auto name = given_name(method);
    name += " ";
    std::size_t segments = 0;
    while (!path.empty() && segments < segments_max) {
        path.remove_prefix(path.starts_with('/') ? 1 : 0);
        const auto segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        name += "/";
        name += is_fixed(segment) ? segment : "{}";
        ++segments;
    }
    return name;
}

bool sounds_read_only(std::string_view name) {
    if (name.starts_with("GET ") || name.starts_with("HEAD ")) return true;
    return std::ranges::any_of(read_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace cairn::wire
