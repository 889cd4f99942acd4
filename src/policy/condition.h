#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "policy/call.h"
#include "policy/network.h"
#include "policy/pattern.h"

namespace cairn::policy {

/// `unknown`: the values of the request cannot be read as the operator wants them, or an excluded pattern has a
/// variable without a value. The caller takes it as no in an Allow and as yes in a Deny, so that doubt never widens a
/// right.
enum class Answer : std::uint8_t { no, yes, unknown };

/// How one condition operator works ("ForAnyValue:StringNotLikeIfExists").
struct Operator {
    enum class Kind : std::uint8_t { equals, equals_ignore_case, like, arn, address, boolean, null, number, date };
    enum class Order : std::uint8_t { equal, less, less_or_equal, greater, greater_or_equal };
    enum class Quantifier : std::uint8_t { none, any_value, all_values };

    Kind kind = Kind::equals;
    Order order = Order::equal;  ///< number and date
    bool negated = false;
    bool if_exists = false;
    Quantifier quantifier = Quantifier::none;
};

/// Error: invalid, when there is no such operator. Names are case-sensitive.
Result<Operator> parse_operator(std::string_view name);

/// The keys that compile_scope leaves open.
inline constexpr std::string_view account_key = "cairn:account";
inline constexpr std::string_view region_key = "cairn:region";
inline bool is_open_key(std::string_view folded_key) { return folded_key == account_key || folded_key == region_key; }

/// One operator with one key and its values.
struct Condition {
    using Operand = std::variant<Pattern, Network, double, Time, bool>;

    Operator how;
    std::string key;  ///< folded
    std::vector<Operand> operands;

    /// Whether the condition holds for a request with `context`.
    Answer holds(const Context& context) const;
};

/// Reads the values of one key. Error: invalid, naming operator, key and value. cairn:account and cairn:region take
/// the string operators only, and wildcards only in StringLike and StringNotLike, so that every condition on them can
/// become a Scope clause.
Result<Condition> parse_condition(std::string_view operator_name, const Operator& how, std::string_view key,
                                  const Json& values, bool variables);

/// The patterns of a condition on an open key with variables put in. `complete` is false when one had to be left out.
struct OpenPatterns {
    std::vector<std::string> patterns;
    bool complete = true;
};
OpenPatterns open_patterns(const Condition& condition, const Context& context);

}  // namespace cairn::policy
