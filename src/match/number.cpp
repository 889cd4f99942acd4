#include <charconv>
#include <cmath>
#include <compare>
#include <cstdlib>
#include <string>

#include "match/term.h"

namespace cairn::match {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    return end - at;
}

bool is_integer(std::string_view number) { return number.find_first_of(".eE") == std::string_view::npos; }

double value_of(std::string_view number) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    // strtod tells too large (infinite) from too small (zero), which from_chars does not.
    return read.ec == std::errc{} ? value : std::strtod(std::string(number).c_str(), nullptr);
}

std::partial_ordering compare_integers(std::string_view one, std::string_view other) {
    const auto sign = [](std::string_view number) {
        return number == "-0" || number == "0" ? 0 : number.starts_with('-') ? -1 : 1;
    };
    if (sign(one) != sign(other)) return sign(one) <=> sign(other);
    const auto size = one.size() <=> other.size();
    const auto magnitude = size != 0 ? size : one.compare(other) <=> 0;
    if (sign(one) == 0) return std::partial_ordering::equivalent;
    return sign(one) > 0 ? magnitude : 0 <=> magnitude;
}

}  // namespace

bool is_number(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = digits(text, at + 1);
        if (fraction == 0) return false;
        at += 1 + fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.size();
}

bool numbers_compare(std::string_view one, Operator op, std::string_view other) {
    const std::partial_ordering order =
        is_integer(one) && is_integer(other) ? compare_integers(one, other) : value_of(one) <=> value_of(other);
    switch (op) {
        case Operator::greater: return order > 0;
        case Operator::at_least: return order >= 0;
        case Operator::less: return order < 0;
        case Operator::at_most: return order <= 0;
        default: return order == 0;
    }
}

}  // namespace cairn::match
