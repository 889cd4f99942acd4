#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "base/utf8.h"
#include "wire/model.h"
#include "wire/pattern.h"

namespace cairn::wire {

namespace {

constexpr std::size_t shown_bytes_max = 256;

// As the service prints values: lists in brackets, the rest as JSON.
std::string shown(const Json& json) {
    std::string text;
    if (json.is_string()) {
        text = json.as_string();
    } else if (json.is_array()) {
        std::vector<std::string> items;
        for (const auto& item : json.as_array()) items.push_back(shown(item));
        text = fmt::format("[{}]", fmt::join(items, ", "));
    } else {
        text = to_text(json);
    }
    if (text.size() <= shown_bytes_max) return text;
    auto cut = shown_bytes_max;
    while (cut > 0 && (text[cut] & 0xc0) == 0x80) --cut;
    return text.substr(0, cut) + "...";
}

// Error messages name members as Java does.
std::string camel(std::string_view name) {
    std::string text(name);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] | 0x20);
    return text;
}

class Checker {
public:
    explicit Checker(const Model& model) : model_(model) {}

    void check(const std::string& path, ShapeId id, const Json& json) {
        const auto& shape = model_.shape(id);
        switch (shape.kind) {
            case Kind::structure: return structure(path, shape, json);
            case Kind::list:
                length(path, shape, json, json.as_array().size());
                for (std::size_t i = 0; i < json.as_array().size(); ++i)
                    check(fmt::format("{}.{}.member", path, i + 1), shape.members[0].shape, json.as_array()[i]);
                return;
            case Kind::map:
                length(path, shape, json, json.as_object().size());
                for (const auto& [key, value] : json.as_object()) {
                    check(path, shape.members[0].shape, Json(key));
                    check(fmt::format("{}.{}.member", path, key), shape.members[1].shape, value);
                }
                return;
            case Kind::string: return string(path, shape, json);
            case Kind::blob: return length(path, shape, json, json.as_string().size());
            case Kind::integer:
            case Kind::long_integer:
            case Kind::number: return range(path, shape, json);
            case Kind::boolean:
            case Kind::timestamp: return;
        }
    }

    std::vector<std::string> take() { return std::move(found_); }

private:
    void add(const std::string& path, const Json& json, std::string_view constraint) {
        found_.push_back(
            fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", shown(json), path, constraint));
    }

    void structure(const std::string& path, const Shape& shape, const Json& json) {
        for (const auto& member : shape.members) {
            const auto below = path.empty() ? camel(member.name) : path + "." + camel(member.name);
            if (const auto* value = json.find(member.name))
                check(below, member.shape, *value);
            else if (member.required)
                found_.push_back(
                    fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", below));
        }
    }

    void length(const std::string& path, const Shape& shape, const Json& json, std::size_t size) {
        if (shape.max && static_cast<double>(size) > *shape.max)
            add(path, json, fmt::format("Member must have length less than or equal to {}", *shape.max));
        if (shape.min && static_cast<double>(size) < *shape.min)
            add(path, json, fmt::format("Member must have length greater than or equal to {}", *shape.min));
    }

    void string(const std::string& path, const Shape& shape, const Json& json) {
        const auto& text = json.as_string();
        if (shape.min || shape.max) length(path, shape, json, count_characters(text));
        if (shape.compiled && !pattern_matches(*shape.compiled, text))
            add(path, json, "Member must satisfy regular expression pattern: " + shape.pattern);
        if (!shape.values.empty() && std::ranges::find(shape.values, text) == shape.values.end())
            add(path, json, fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", ")));
    }

    void range(const std::string& path, const Shape& shape, const Json& json) {
        if (!json.is_number()) return;
        if (shape.max && json.as_number() > *shape.max)
            add(path, json, fmt::format("Member must have value less than or equal to {}", *shape.max));
        if (shape.min && json.as_number() < *shape.min)
            add(path, json, fmt::format("Member must have value greater than or equal to {}", *shape.min));
    }

    const Model& model_;
    std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> Model::violations(ShapeId shape, const Json& input) const {
    Checker checker(*this);
    checker.check({}, shape, input);
    return checker.take();
}

ApiError validation_error(const std::vector<std::string>& violations) {
    CAIRN_CHECK(!violations.empty());
    return {"ValidationException", fmt::format("{} validation error{} detected: {}", violations.size(),
                                               violations.size() == 1 ? "" : "s", fmt::join(violations, "; "))};
}

}  // namespace cairn::wire
