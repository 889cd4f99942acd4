#include "policy/condition.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "event/scope.h"

namespace cairn::policy {

namespace {

using Kind = Operator::Kind;
using Order = Operator::Order;
using Quantifier = Operator::Quantifier;

struct NamedOperator {
    std::string_view name;
    Kind kind;
    bool negated = false;
    Order order = Order::equal;
};

constexpr NamedOperator operators[] = {
    {"StringEquals", Kind::equals},
    {"StringNotEquals", Kind::equals, true},
    {"StringEqualsIgnoreCase", Kind::equals_ignore_case},
    {"StringNotEqualsIgnoreCase", Kind::equals_ignore_case, true},
    {"StringLike", Kind::like},
    {"StringNotLike", Kind::like, true},
    {"BinaryEquals", Kind::equals},  // both sides are base64 text
    {"ArnEquals", Kind::arn},
    {"ArnNotEquals", Kind::arn, true},
    {"ArnLike", Kind::arn},
    {"ArnNotLike", Kind::arn, true},
    {"IpAddress", Kind::address},
    {"NotIpAddress", Kind::address, true},
    {"Bool", Kind::boolean},
    {"Null", Kind::null},
    {"NumericEquals", Kind::number},
    {"NumericNotEquals", Kind::number, true},
    {"NumericLessThan", Kind::number, false, Order::less},
    {"NumericLessThanEquals", Kind::number, false, Order::less_or_equal},
    {"NumericGreaterThan", Kind::number, false, Order::greater},
    {"NumericGreaterThanEquals", Kind::number, false, Order::greater_or_equal},
    {"DateEquals", Kind::date},
    {"DateNotEquals", Kind::date, true},
    {"DateLessThan", Kind::date, false, Order::less},
    {"DateLessThanEquals", Kind::date, false, Order::less_or_equal},
    {"DateGreaterThan", Kind::date, false, Order::greater},
    {"DateGreaterThanEquals", Kind::date, false, Order::greater_or_equal},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !(number - number == 0)) return std::nullopt;
    return number;
}

/// ISO 8601, a day alone, or seconds since 1970 (IAM User Guide, "Date condition operators").
std::optional<Time> parse_date(std::string_view text) {
    if (const auto time = parse_time(text)) return time;
    if (const auto day = parse_time(std::string(text) + "T00:00:00Z")) return day;
    const auto seconds = parse_number(text);
    if (!seconds || *seconds < -1e11 || *seconds > 1e11) return std::nullopt;
    return from_milliseconds(static_cast<std::int64_t>(*seconds * 1000));
}

std::optional<bool> parse_bool(std::string_view text) {
    const auto lower = folded(text);
    if (lower == "true") return true;
    if (lower == "false") return false;
    return std::nullopt;
}

template <class Value>
bool in_order(Order order, const Value& one, const Value& other) {
    switch (order) {
        case Order::equal: return one == other;
        case Order::less: return one < other;
        case Order::less_or_equal: return one <= other;
        case Order::greater: return one > other;
        case Order::greater_or_equal: return one >= other;
    }
    return false;
}

std::optional<Condition::Operand> parse_operand(const Operator& how, std::string_view text, bool variables) {
    switch (how.kind) {
        case Kind::address: return parse_network(text);
        case Kind::boolean:
        case Kind::null: return parse_bool(text);
        case Kind::number: return parse_number(text);
        case Kind::date: return parse_date(text);
        default: break;
    }
    const bool wildcards = how.kind == Kind::like || how.kind == Kind::arn;
    auto pattern = Pattern::parse(how.kind == Kind::equals_ignore_case ? folded(text) : std::string(text),
                                  {.wildcards = wildcards, .variables = variables});
    if (!pattern) return std::nullopt;
    return std::move(*pattern);
}

/// What a condition value looks like in JSON: IAM takes numbers and booleans for their text.
std::optional<std::string> text_of(const Json& value) {
    if (value.is_string()) return value.as_string();
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    if (value.is_number()) return to_text(value);
    return std::nullopt;
}

bool has_letters(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char letter) { return (letter | 32) >= 'a' && (letter | 32) <= 'z'; });
}

Result<void> check_open_key(const Operator& how, std::string_view text, const Pattern* pattern) {
    if (how.kind == Kind::null) return {};
    const bool texts = how.kind == Kind::equals || how.kind == Kind::like;
    if (!texts && !(how.kind == Kind::equals_ignore_case && !has_letters(text)))
        return fail(Code::invalid, "this key takes StringEquals, StringNotEquals, StringLike and StringNotLike only");
    if (how.kind != Kind::like && text.find_first_of("*?") != std::string_view::npos)
        return fail(Code::invalid, "wildcards need StringLike or StringNotLike");
    for (const auto escape : {"${*}", "${?}"})
        if (pattern && text.find(escape) != std::string_view::npos)
            return fail(Code::invalid, "an account or region holds no \"*\" and no \"?\"");
    return {};
}

Result<Condition::Operand> checked_operand(const Operator& how, std::string_view folded_key, const Json& value,
                                           bool variables) {
    const auto text = text_of(value);
    if (!text) return fail(Code::invalid, "is neither text nor a number nor a boolean");
    auto operand = parse_operand(how, *text, variables);
    if (!operand) return fail(Code::invalid, fmt::format("\"{}\" is not a value of this operator", *text));
    const auto* pattern = std::get_if<Pattern>(&*operand);
    if (pattern && (pattern->mentions(account_key) || pattern->mentions(region_key)))
        return fail(Code::invalid, "${cairn:account} and ${cairn:region} are no variables");
    if (is_open_key(folded_key)) CAIRN_TRY(check_open_key(how, *text, pattern));
    return std::move(*operand);
}

Answer answer(bool holds) { return holds ? Answer::yes : Answer::no; }

Answer inverted(Answer value) { return value == Answer::unknown ? value : answer(value == Answer::no); }

bool pattern_accepts(Kind kind, const Glob& glob, std::string_view value) {
    return kind == Kind::arn ? glob.matches_arn(value) : glob.matches(value);
}

/// Whether any operand accepts `value`.
Answer text_matches(const Condition& condition, std::string_view value, const Context& context) {
    bool left_out = false;
    for (const auto& operand : condition.operands) {
        const auto matched = std::get<Pattern>(operand).satisfies(
            context, [&](const Glob& glob) { return pattern_accepts(condition.how.kind, glob, value); });
        if (matched.value_or(false)) return Answer::yes;
        left_out |= !matched;
    }
    return left_out && condition.how.negated ? Answer::unknown : Answer::no;
}

Answer ignoring_case_matches(const Condition& condition, std::string_view value, const Context& context) {
    auto folded_context = context;
    for (auto& [name, text] : folded_context) text = folded(text);
    return text_matches(condition, folded(value), folded_context);
}

template <class Value, class Accept>
Answer value_matches(const Condition& condition, const std::optional<Value>& value, Accept&& accept) {
    if (!value) return Answer::unknown;
    return answer(std::ranges::any_of(condition.operands, [&](const Condition::Operand& operand) {
        return accept(*value, std::get<Value>(operand));
    }));
}

Answer open_key_matches(const Condition& condition, std::string_view value, const Context& context) {
    const auto wanted = open_patterns(condition, context);
    const auto accepts = [&](const std::string& pattern) { return wildcard_matches(pattern, value); };
    if (std::ranges::any_of(wanted.patterns, accepts)) return Answer::yes;
    return wanted.complete || !condition.how.negated ? Answer::no : Answer::unknown;
}

Answer matches(const Condition& condition, std::string_view value, const Context& context) {
    if (is_open_key(condition.key)) return open_key_matches(condition, value, context);
    const auto ordered = [&](const auto& one, const auto& other) { return in_order(condition.how.order, one, other); };
    switch (condition.how.kind) {
        case Kind::equals:
        case Kind::like:
        case Kind::arn: return text_matches(condition, value, context);
        case Kind::equals_ignore_case: return ignoring_case_matches(condition, value, context);
        case Kind::address:
            return value_matches(condition, parse_network(value), [](const Network& address, const Network& wanted) {
                return wanted.contains(address);
            });
        case Kind::boolean: return value_matches(condition, parse_bool(value), std::equal_to<bool>());
        case Kind::number: return value_matches(condition, parse_number(value), ordered);
        case Kind::date: return value_matches(condition, parse_date(value), ordered);
        case Kind::null: break;
    }
    CAIRN_CHECK(false);
    return Answer::unknown;
}

Answer any_of(const std::vector<Answer>& answers) {
    if (std::ranges::find(answers, Answer::yes) != answers.end()) return Answer::yes;
    return std::ranges::find(answers, Answer::unknown) != answers.end() ? Answer::unknown : Answer::no;
}

Answer all_of(const std::vector<Answer>& answers) {
    if (std::ranges::find(answers, Answer::no) != answers.end()) return Answer::no;
    return std::ranges::find(answers, Answer::unknown) != answers.end() ? Answer::unknown : Answer::yes;
}

Answer without_value(const Operator& how) {
    if (how.if_exists || how.quantifier == Quantifier::all_values) return Answer::yes;
    return answer(how.negated && how.quantifier == Quantifier::none);
}

}  // namespace

Result<Operator> parse_operator(std::string_view name) {
    auto rest = name;
    Operator how;
    if (take_prefix(rest, "ForAnyValue:"))
        how.quantifier = Quantifier::any_value;
    else if (take_prefix(rest, "ForAllValues:"))
        how.quantifier = Quantifier::all_values;
    how.if_exists = take_suffix(rest, "IfExists");

    const auto found = std::ranges::find(operators, rest, &NamedOperator::name);
    const bool plain = !how.if_exists && how.quantifier == Quantifier::none;
    if (found == std::end(operators) || (found->kind == Kind::null && !plain))
        return fail(Code::invalid, fmt::format("\"{}\" is no condition operator", name));
    how.kind = found->kind;
    how.negated = found->negated;
    how.order = found->order;
    return how;
}

Result<Condition> parse_condition(std::string_view operator_name, const Operator& how, std::string_view key,
                                  const Json& values, bool variables) {
    const auto where = [&] { return fmt::format("condition {} on \"{}\"", operator_name, key); };
    Condition condition{.how = how, .key = folded(key), .operands = {}};
    // These two have exactly one value: a quantifier says nothing.
    if (is_open_key(condition.key)) condition.how.quantifier = Quantifier::none;

    const JsonArray single = {values};
    const auto& list = values.is_array() ? values.as_array() : single;
    if (list.empty()) return fail(Code::invalid, where() + ": there is no value");
    if (how.kind == Kind::null && list.size() > 1)
        return fail(Code::invalid, where() + ": there is more than one value");
    for (const auto& value : list) {
        auto operand = checked_operand(how, condition.key, value, variables);
        if (!operand) return fail(Code::invalid, where() + ": " + operand.error().message);
        condition.operands.push_back(std::move(*operand));
    }
    return condition;
}

OpenPatterns open_patterns(const Condition& condition, const Context& context) {
    OpenPatterns result;
    for (const auto& operand : condition.operands) {
        if (auto plain = std::get<Pattern>(operand).expand_plain(context))
            result.patterns.push_back(std::move(*plain));
        else
            result.complete = false;
    }
    return result;
}

Answer Condition::holds(const Context& context) const {
    auto values = values_of(context, key);
    if (how.kind == Kind::null) return answer(values.empty() == std::get<bool>(operands.front()));
    if (how.quantifier != Quantifier::none) std::erase(values, std::string_view());
    if (values.empty()) return without_value(how);

    std::vector<Answer> answers;
    for (const auto value : values) answers.push_back(matches(*this, value, context));
    if (how.quantifier == Quantifier::none) return how.negated ? inverted(any_of(answers)) : any_of(answers);
    if (how.negated) std::ranges::transform(answers, answers.begin(), inverted);
    return how.quantifier == Quantifier::any_value ? any_of(answers) : all_of(answers);
}

}  // namespace cairn::policy
