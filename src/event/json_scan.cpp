#include "event/json_scan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cairn {

namespace {

/// The first quote or backslash from `at` on; the text's size if there is none.
std::size_t find_quote_or_escape(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
    const auto quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');
    for (; at + 16 <= text.size(); at += 16) {
        const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        const auto hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, escape));
        if (const int mask = _mm_movemask_epi8(hits))
            return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(mask)));
    }
#endif
    while (at < text.size() && text[at] != '"' && text[at] != '\\') ++at;
    return at;
}

std::uint32_t hex_unit(std::string_view digits) {
    std::uint32_t unit = 0;
    for (const char c : digits.substr(0, 4))
        unit = unit << 4 | static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    return unit & 0xffff;
}

bool is_escape_of(std::string_view text, std::uint32_t low, std::uint32_t high) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return false;
    const auto unit = hex_unit(text.substr(2));
    return unit >= low && unit <= high;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
    if (point < 0x80) {
        byte(point);
    } else if (point < 0x800) {
        byte(0xc0 | point >> 6);
        byte(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        byte(0xe0 | point >> 12);
        byte(0x80 | (point >> 6 & 0x3f));
        byte(0x80 | (point & 0x3f));
    } else {
        byte(0xf0 | point >> 18);
        byte(0x80 | (point >> 12 & 0x3f));
        byte(0x80 | (point >> 6 & 0x3f));
        byte(0x80 | (point & 0x3f));
    }
}

/// Appends the character of the escape \uXXXX (or of a pair of them) at the front; returns its length.
std::size_t append_unicode(std::string& out, std::string_view escape, bool keep_surrogates) {
    const auto unit = hex_unit(escape.substr(std::min<std::size_t>(2, escape.size())));
    if (unit < 0xd800 || unit > 0xdfff) {
        append_utf8(out, unit);
        return 6;
    }
    const auto rest = escape.substr(std::min<std::size_t>(6, escape.size()));
    if (unit < 0xdc00 && is_escape_of(rest, 0xdc00, 0xdfff)) {
        append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (hex_unit(rest.substr(2)) - 0xdc00));
        return 12;
    }
    append_utf8(out, keep_surrogates ? unit : 0xfffd);
    return 6;
}

char plain_escape(char c) {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;
    }
}

}  // namespace

void JsonScan::skip_string() {
    for (++at_; (at_ = find_quote_or_escape(text_, at_)) < text_.size();
         at_ += 2) {  // an escape has two bytes at least
        if (text_[at_] != '"') continue;
        ++at_;
        return;
    }
    at_ = text_.size();
}

void JsonScan::skip_scalar() {
    const auto ends = [](char c) {
        return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
    };
    if (at_ < text_.size()) ++at_;
    while (at_ < text_.size() && !ends(text_[at_])) ++at_;
}

bool JsonScan::more() {
    if (peek() == ',') take();
    if (peek() != '}' && peek() != ']') return at_ < text_.size();
    take();
    return false;
}

std::string_view JsonScan::string() {
    const std::size_t begin = std::min(at_ + 1, text_.size());
    skip_string();
    const std::size_t end = std::max(begin, at_ - 1);
    skip_space();
    return text_.substr(begin, end - begin);
}

std::string_view JsonScan::name() {
    const auto name = string();
    if (peek() == ':') take();
    return name;
}

std::string_view JsonScan::value() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
        const char c = peek();
        if (c == '"') {
            skip_string();
        } else if (c == '{' || c == '[') {
            ++depth;
            ++at_;
        } else if (c == '}' || c == ']') {
            if (depth == 0) break;
            --depth;
            ++at_;
        } else if (depth == 0) {
            skip_scalar();
        } else {
            ++at_;
        }
    } while (depth > 0 && at_ < text_.size());
    const auto value = text_.substr(begin, at_ - begin);
    skip_space();
    return value;
}

void append_unescaped(std::string& out, std::string_view inside, bool keep_surrogates) {
    while (true) {
        const std::size_t escape = inside.find('\\');
        out.append(inside.substr(0, escape));
        if (escape == std::string_view::npos || escape + 1 >= inside.size()) return;
        inside.remove_prefix(escape);
        std::size_t length = 2;
        if (inside[1] == 'u')
            length = append_unicode(out, inside, keep_surrogates);
        else
            out.push_back(plain_escape(inside[1]));
        inside.remove_prefix(std::min(length, inside.size()));
    }
}

bool unescaped_equals(std::string_view inside, std::string_view plain) {
    if (inside.find('\\') == std::string_view::npos) return inside == plain;
    if (inside.size() < plain.size()) return false;
    std::string text;
    append_unescaped(text, inside);
    return text == plain;
}

}  // namespace cairn
