#include "policy/pattern.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::policy {

namespace {

constexpr char16_t any_run = 256;
constexpr char16_t any_one = 257;

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

bool accepts(char16_t unit, char byte) { return unit == any_one || unit == static_cast<unsigned char>(byte); }

bool matches_units(std::u16string_view units, std::string_view text) {
    std::size_t unit = 0, at = 0;
    std::size_t after_run = std::u16string_view::npos, resume = 0;
    while (at < text.size()) {
        if (unit < units.size() && units[unit] == any_run) {
            after_run = ++unit;
            resume = at;
        } else if (unit < units.size() && accepts(units[unit], text[at])) {
            ++unit, ++at;
        } else if (after_run != std::u16string_view::npos) {
            unit = after_run;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (unit < units.size() && units[unit] == any_run) ++unit;
    return unit == units.size();
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool is_escape(std::string_view inside) { return inside == "*" || inside == "?" || inside == "$"; }

}  // namespace

std::string folded(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::vector<std::string_view> values_of(const Context& context, std::string_view folded_name) {
    std::vector<std::string_view> values;
    for (const auto& [name, value] : context)
        if (std::ranges::equal(name, folded_name, {}, lower)) values.push_back(value);
    return values;
}

void Glob::add_literal(std::string_view text) {
    for (const char byte : text) units_.push_back(static_cast<unsigned char>(byte));
}

void Glob::add_with_wildcards(std::string_view text) {
    for (const char byte : text)
        units_.push_back(byte == '*' ? any_run : byte == '?' ? any_one : static_cast<unsigned char>(byte));
}

bool Glob::matches(std::string_view text) const { return matches_units(units_, text); }

bool Glob::matches_arn(std::string_view arn) const {
    std::u16string_view units = units_;
    for (int part = 1; part <= 6; ++part) {
        const auto units_end = part == 6 ? units.size() : std::min(units.find(u':'), units.size());
        const auto arn_end = part == 6 ? arn.size() : arn.find(':');
        if (arn_end == std::string_view::npos) return false;
        if (!matches_units(units.substr(0, units_end), arn.substr(0, arn_end))) return false;
        if (units_end == units.size() && part < 6) return std::ranges::count(arn, ':') >= 6 - part;
        if (part == 6) break;
        units.remove_prefix(units_end + 1);
        arn.remove_prefix(arn_end + 1);
    }
    return true;
}

Result<void> Pattern::add_variable(std::string_view inside) {
    if (is_escape(inside)) {
        parts_.push_back({.text = std::string(inside), .wildcards = false, .variable = {}, .fallback = {}});
        return {};
    }
    Part part;
    const auto comma = inside.find(',');
    part.variable = folded(trimmed(inside.substr(0, comma)));
    if (comma != std::string_view::npos) {
        const auto quoted = trimmed(inside.substr(comma + 1));
        if (quoted.size() < 2 || !quoted.starts_with('\'') || !quoted.ends_with('\''))
            return fail(Code::invalid,
                        fmt::format("the default of variable \"${{{}}}\" is not in single quotes", inside));
        part.fallback = std::string(quoted.substr(1, quoted.size() - 2));
    }
    if (part.variable.empty()) return fail(Code::invalid, "a variable \"${}\" has no name");
    parts_.push_back(std::move(part));
    return {};
}

Result<Pattern> Pattern::parse(std::string_view text, Syntax syntax) {
    Pattern pattern;
    pattern.source_ = text;
    while (!text.empty()) {
        const auto begin = syntax.variables ? std::min(text.find("${"), text.size()) : text.size();
        if (begin > 0)
            pattern.parts_.push_back({.text = std::string(text.substr(0, begin)),
                                      .wildcards = syntax.wildcards,
                                      .variable = {},
                                      .fallback = {}});
        text.remove_prefix(begin);
        if (text.empty()) break;
        const auto end = text.find('}');
        if (end == std::string_view::npos)
            return fail(Code::invalid, fmt::format("variable \"{}\" is not closed", text));
        CAIRN_TRY(pattern.add_variable(text.substr(2, end - 2)));
        text.remove_prefix(end + 1);
    }
    if (std::ranges::all_of(pattern.parts_, [](const Part& part) { return part.variable.empty(); }))
        pattern.fixed_ = pattern.expand({});
    return pattern;
}

std::optional<std::string_view> Pattern::value_of(const Part& part, const Context& context) {
    const auto values = values_of(context, part.variable);
    if (values.size() == 1) return values.front();
    if (values.empty() && part.fallback) return *part.fallback;
    return std::nullopt;
}

std::optional<Glob> Pattern::expand(const Context& context) const {
    if (fixed_) return fixed_;
    Glob glob;
    for (const auto& part : parts_) {
        if (!part.variable.empty()) {
            const auto value = value_of(part, context);
            if (!value) return std::nullopt;
            glob.add_literal(*value);
        } else if (part.wildcards) {
            glob.add_with_wildcards(part.text);
        } else {
            glob.add_literal(part.text);
        }
    }
    return glob;
}

std::optional<std::string> Pattern::expand_plain(const Context& context) const {
    std::string plain;
    for (const auto& part : parts_) {
        if (part.variable.empty()) {
            plain += part.text;
            continue;
        }
        const auto value = value_of(part, context);
        if (!value || value->find_first_of("*?") != std::string_view::npos) return std::nullopt;
        plain += *value;
    }
    return plain;
}

bool Pattern::mentions(std::string_view folded_key) const {
    return std::ranges::any_of(parts_, [&](const Part& part) { return part.variable == folded_key; });
}

}  // namespace cairn::policy
