#include <algorithm>
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

using Use = std::function<bool(const PathValue&)>;

/// Shows the values that a path leads to; false once nothing more is wanted.
class PathWalk {
public:
    explicit PathWalk(const Use& use) : use_(use) {}

    // Recursion is as deep as the record, which RecordLimits bounds.
    bool walk(std::string_view value, Path path) const {
        if (path.empty()) return use_(shown(value));
        if (value.starts_with('{')) return walk_members(value, path);
        if (value.starts_with('[')) return walk_elements(value, path);
        return true;
    }

private:
    bool walk_members(std::string_view object, Path path) const {
        const bool all = path.front() == "*";
        JsonScan scan(object);
        for (scan.take(); scan.more();) {
            const bool wanted = unescaped_equals(scan.name(), path.front());
            const auto value = scan.value();
            if (wanted) return walk(value, path.subspan(1));
            if (all && !walk(value, path.subspan(1))) return false;
        }
        return true;
    }

    bool walk_elements(std::string_view array, Path path) const {
        const auto index = array_index(path.front());
        const auto rest = path.front() == "*" ? path.subspan(1) : path;
        JsonScan scan(array);
        scan.take();
        for (std::size_t i = 0; scan.more(); ++i) {
            const auto value = scan.value();
            if (index && i == *index) return walk(value, path.subspan(1));
            if (!index && !walk(value, rest)) return false;
        }
        return true;
    }

    const Use& use_;
};

}  // namespace

void each_value_at(std::string_view record, std::span<const std::string> path, const Use& use) {
    PathWalk(use).walk(record.substr(JsonScan(record).position()), path);
}

PathValue value_at(std::string_view record, std::span<const std::string> path) {
    PathValue found;
    each_value_at(record, path, [&](const PathValue& value) {
        found = value;
        return false;
    });
    return found;
}

void find_members(std::string_view record, std::span<const std::string_view> names,
                  std::span<std::string_view> values) {
    std::ranges::fill(values, std::string_view());
    std::size_t missing = names.size();
    JsonScan scan(record);
    for (scan.take(); missing > 0 && scan.more();) {
        const auto name = scan.name();
        const auto value = scan.value();
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!values[i].empty() || !unescaped_equals(name, names[i])) continue;
            values[i] = value;
            --missing;
        }
    }
}

}  // namespace cairn
