#include <charconv>
#include <optional>

#include "event/json_scan.h"
#include "event/record.h"

namespace cairn {

namespace {

using Path = std::span<const std::string>;

std::optional<std::size_t> array_index(std::string_view step) {
    std::size_t index = 0;
    const auto read = std::from_chars(step.data(), step.data() + step.size(), index);
    if (step.empty() || read.ec != std::errc{} || read.ptr != step.data() + step.size()) return std::nullopt;
    return index;
}

PathValue shown(std::string_view value) {
    using Kind = PathValue::Kind;
    switch (value.empty() ? '\0' : value.front()) {
        case '\0': return {};
        case '{': return {Kind::object, std::string(value)};
        case '[': return {Kind::array, std::string(value)};
        case 't':
        case 'f': return {Kind::boolean, std::string(value)};
        case 'n': return {Kind::null, std::string(value)};
        case '"': {
            PathValue text{Kind::string, {}};
            append_unescaped(text.text, JsonScan(value).string());
            return text;
        }
        default: return {Kind::number, std::string(value)};
    }
}

PathValue find(std::string_view value, Path path);

PathValue find_member(std::string_view object, Path path) {
    JsonScan scan(object);
    for (scan.take(); scan.more();) {
        const bool wanted = unescaped_equals(scan.name(), path.front());
        const auto value = scan.value();
        if (wanted) return find(value, path.subspan(1));
    }
    return {};
}

PathValue find_element(std::string_view array, Path path) {
    const auto index = array_index(path.front());
    JsonScan scan(array);
    scan.take();
    for (std::size_t i = 0; scan.more(); ++i) {
        const auto value = scan.value();
        if (index && i == *index) return find(value, path.subspan(1));
        if (index) continue;
        if (auto found = find(value, path); found.kind != PathValue::Kind::absent) return found;
    }
    return {};
}

// Recursion is as deep as the record, which RecordLimits bounds.
PathValue find(std::string_view value, Path path) {
    if (path.empty()) return shown(value);
    if (value.starts_with('{')) return find_member(value, path);
    if (value.starts_with('[')) return find_element(value, path);
    return {};
}

}  // namespace

PathValue value_at(std::string_view record, std::span<const std::string> path) {
    return find(JsonScan(record).value(), path);
}

}  // namespace cairn
