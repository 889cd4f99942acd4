#include "wire/pattern.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <re2/re2.h>

namespace cairn::wire {

struct Pattern {
    explicit Pattern(const std::string& text, const re2::RE2::Options& options) : expression(text, options) {}
    re2::RE2 expression;
};

namespace {

std::optional<std::uint32_t> unicode_escape(std::string_view text) {
    if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text.substr(2, 4)) {
        const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
        if (digit == std::string_view::npos) return std::nullopt;
        value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
}

// Java writes characters as UTF-16 units, RE2 as code points.
std::string translated(std::string_view pattern) {
    std::string out;
    while (!pattern.empty()) {
        const auto high = unicode_escape(pattern);
        if (!high) {
            const std::size_t size = pattern.front() == '\\' && pattern.size() > 1 ? 2 : 1;
            out.append(pattern.substr(0, size));
            pattern.remove_prefix(size);
            continue;
        }
        pattern.remove_prefix(6);
        auto point = *high;
        const auto low = unicode_escape(pattern);
        if (point >= 0xd800 && point < 0xdc00 && low && *low >= 0xdc00 && *low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (*low - 0xdc00);
            pattern.remove_prefix(6);
        }
        out += fmt::format("\\x{{{:x}}}", point);
    }
    return out;
}

}  // namespace

Result<std::shared_ptr<const Pattern>> compile_pattern(std::string_view pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto compiled = std::make_shared<const Pattern>(translated(pattern), options);
    if (!compiled->expression.ok())
        return fail(Code::invalid, fmt::format("pattern {}: {}", pattern, compiled->expression.error()));
    return compiled;
}

bool pattern_matches(const Pattern& pattern, std::string_view value) {
    return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), pattern.expression);
}

}  // namespace cairn::wire
