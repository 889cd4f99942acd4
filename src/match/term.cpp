#include "match/term.h"

#include <algorithm>

namespace cairn::match {

namespace {

bool compares(Time one, Operator op, Time other) {
    switch (op) {
        case Operator::greater: return one > other;
        case Operator::at_least: return one >= other;
        case Operator::less: return one < other;
        case Operator::at_most: return one <= other;
        default: return one == other;
    }
}

}  // namespace

bool Term::matches(const EventView& event) const { return holds(event) != negated; }

bool Term::holds(const EventView& event) const {
    if (field->field == Field::text) return texts.front().found_in_json(event.raw);
    if (field->field == Field::event_time) return holds_time(event.time);
    if (field->field == Field::path) return holds_at_path(event);
    if (keys) return holds_key(event) != (op == Operator::not_equal);
    switch (op) {
        case Operator::has: return any_value(event, field->field, [](std::string_view) { return true; });
        case Operator::not_equal: return !has_equal(event);
        case Operator::contains:
            return any_value(event, field->field,
                             [&](std::string_view value) { return texts.front().found_in(value); });
        case Operator::starts_with:
            return any_value(event, field->field,
                             [&](std::string_view value) { return value.starts_with(values.front()); });
        default: return has_equal(event);
    }
}

bool Term::has_equal(const EventView& event) const {
    return any_value(event, field->field, [&](std::string_view value) {
        if (std::ranges::find(values, value) != values.end()) return true;
        if (ranges.empty()) return false;
        const auto address = parse_address(value);
        return address &&
               std::ranges::any_of(ranges, [&](const AddressRange& range) { return range.contains(*address); });
    });
}

bool Term::names(std::string_view value) const {
    if (op == Operator::contains) return texts.front().found_in(value);
    if (op == Operator::starts_with) return value.starts_with(values.front());
    return std::ranges::find(values, value) != values.end();
}

bool Term::holds_key(const EventView& event) const {
    const auto windows = std::ranges::equal_range(
        *keys, event.access_key_id, {}, [](const KeyWindow& window) -> std::string_view { return window.key_id; });
    return std::ranges::any_of(
        windows, [&](const KeyWindow& window) { return window.from <= event.time && event.time <= window.to; });
}

bool Term::holds_time(Time time) const {
    if (op == Operator::has) return true;
    const bool any = std::ranges::any_of(times, [&](Time wanted) { return compares(time, op, wanted); });
    return any != (op == Operator::not_equal);
}

bool Term::holds_at_path(const EventView& event) const {
    bool found = false;
    each_value_at(event.raw, path, [&](const PathValue& value) {
        found = value.kind != PathValue::Kind::null && path_value_holds(value);
        return !found;
    });
    return found != (op == Operator::not_equal);
}

/// Whether one value of a path is what the term asks for; `!=` is the opposite of that for all of them.
bool Term::path_value_holds(const PathValue& value) const {
    const bool scalar = value.kind != PathValue::Kind::array && value.kind != PathValue::Kind::object;
    const auto equals = [&](const std::string& wanted) {
        if (value.text == wanted) return true;
        return value.kind == PathValue::Kind::number && is_number(wanted) &&
               numbers_compare(value.text, Operator::equal, wanted);
    };
    switch (op) {
        case Operator::has: return true;
        case Operator::equal:
        case Operator::not_equal:
        case Operator::in: return scalar && std::ranges::any_of(values, equals);
        case Operator::contains:
            return scalar ? texts.front().found_in(value.text) : texts.front().found_in_json(value.text);
        case Operator::starts_with: return scalar && value.text.starts_with(values.front());
        default:
            return scalar && value.kind != PathValue::Kind::boolean && is_number(value.text) &&
                   numbers_compare(value.text, op, values.front());
    }
}

}  // namespace cairn::match
