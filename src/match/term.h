#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/record.h"
#include "match/address.h"
#include "match/fields.h"
#include "match/key_window.h"
#include "match/text_search.h"

namespace cairn::match {

enum class Operator : std::uint8_t {
    equal,
    not_equal,
    contains,
    starts_with,
    greater,
    at_least,
    less,
    at_most,
    in,
    has
};

/// One condition of a search: a field, an operator and values, prepared for matching.
struct Term {
    const FieldInfo* field = nullptr;
    Operator op = Operator::equal;
    bool negated = false;
    std::vector<std::string> path;               ///< of Field::path
    std::vector<std::string> values;             ///< one, or several with `in`; none with `has`
    std::vector<AddressRange> ranges;            ///< values of sourceIP that are ranges; they are not in `values`
    std::vector<Time> times;                     ///< values of eventTime
    std::vector<TextSearch> texts;               ///< values of `contains`
    std::optional<std::vector<KeyWindow>> keys;  ///< of Field::origin, once it is known whose keys are meant: by id

    bool matches(const EventView& event) const;

    /// Whether a value of the field is what `=`, `!=`, `in`, `:` or `^` names, whatever is negated.
    bool names(std::string_view value) const;

    /// Positive, and `=` or `in`: the values stand for all that can match.
    bool is_choice() const { return !negated && (op == Operator::equal || op == Operator::in); }

private:
    bool holds(const EventView& event) const;
    bool has_equal(const EventView& event) const;
    bool holds_key(const EventView& event) const;
    bool holds_time(Time time) const;
    bool holds_at_path(const EventView& event) const;
    bool path_value_holds(const PathValue& value) const;
};

/// True when the JSON numbers `one` and `other` are in the order `op` asks for (equal, greater, ...). Integers are
/// compared exactly, however long; others as doubles.
bool numbers_compare(std::string_view one, Operator op, std::string_view other);

/// True when `text` is written as a JSON number.
bool is_number(std::string_view text);

}  // namespace cairn::match
