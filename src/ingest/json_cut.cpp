#include "ingest/json_cut.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cairn::ingest {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t block_bytes = 64;

/// Where the bytes that matter stand in 64 bytes of text, one bit each.
struct Marks {
    std::uint64_t quotes = 0, backslashes = 0, opens = 0, closes = 0;
};

Marks marks_of(const char* text) {
    Marks marks;
#if defined(__SSE2__)
    for (int i = 0; i < 4; ++i) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * i));
        const auto equal = [&](__m128i value, char wanted) {
            const auto bits = _mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_set1_epi8(wanted)));
            return std::uint64_t{static_cast<unsigned>(bits)} << (16 * i);
        };
        const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // '[' to '{', ']' to '}'
        marks.quotes |= equal(bytes, '"');
        marks.backslashes |= equal(bytes, '\\');
        marks.opens |= equal(folded, '{');
        marks.closes |= equal(folded, '}');
    }
#else
    for (std::size_t i = 0; i < block_bytes; ++i) {
        const std::uint64_t bit = std::uint64_t{1} << i;
        const char c = text[i];
        if (c == '"') marks.quotes |= bit;
        if (c == '\\') marks.backslashes |= bit;
        if ((c | 0x20) == '{') marks.opens |= bit;
        if ((c | 0x20) == '}') marks.closes |= bit;
    }
#endif
    return marks;
}

/// Bits of the bytes that stand behind an escaping backslash. `carry`: the last block ended with one.
std::uint64_t escaped_bytes(std::uint64_t backslashes, bool& carry) {
    if (backslashes == 0) {
        const std::uint64_t escaped = carry ? 1 : 0;
        carry = false;
        return escaped;
    }
    std::uint64_t escaped = carry ? 1 : 0;
    backslashes &= ~escaped;
    carry = false;
    while (backslashes != 0) {
        const int at = std::countr_zero(backslashes);
        backslashes &= backslashes - 1;
        if (at == 63) {
            carry = true;
            break;
        }
        const std::uint64_t next = std::uint64_t{2} << at;
        escaped |= next;
        backslashes &= ~next;
    }
    return escaped;
}

/// Bit i is set when an odd number of bits up to and with i is set.
std::uint64_t prefix_xor(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

std::uint64_t first_bits(std::size_t count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

std::optional<std::uint32_t> hex4(std::string_view digits) {
    if (digits.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : digits.substr(0, 4)) {
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value * 16 + static_cast<std::uint32_t>(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
        else
            return std::nullopt;
    }
    return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto part = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
    if (point < 0x80) return part(point);
    if (point < 0x800)
        part(0xc0 | point >> 6);
    else if (point < 0x10000)
        part(0xe0 | point >> 12), part(0x80 | (point >> 6 & 63));
    else
        part(0xf0 | point >> 18), part(0x80 | (point >> 12 & 63)), part(0x80 | (point >> 6 & 63));
    part(0x80 | (point & 63));
}

}  // namespace

std::size_t value_end(std::string_view text, std::size_t begin) {
    std::uint64_t depth = 0, in_string = 0;  // in_string: all ones when the last block ended within a string
    bool carry = false;
    for (std::size_t at = begin; at < text.size(); at += block_bytes) {
        auto marks = marks_of(text.data() + at);
        const std::uint64_t valid = first_bits(text.size() - at);
        const std::uint64_t quotes = marks.quotes & ~escaped_bytes(marks.backslashes, carry);
        const std::uint64_t strings = prefix_xor(quotes) ^ in_string;
        in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(strings) >> 63);
        std::uint64_t opens = marks.opens & ~strings & valid, closes = marks.closes & ~strings & valid;

        const auto closed = static_cast<std::uint64_t>(std::popcount(closes));
        if (closed < depth) {  // the depth cannot come down to zero here
            depth = depth + static_cast<std::uint64_t>(std::popcount(opens)) - closed;
            continue;
        }
        for (auto brackets = opens | closes; brackets != 0; brackets &= brackets - 1) {
            const std::uint64_t lowest = brackets & -brackets;
            if ((opens & lowest) != 0)
                ++depth;
            else if (depth <= 1)
                return at + static_cast<std::size_t>(std::countr_zero(lowest)) + 1;
            else
                --depth;
        }
    }
    return npos;
}

std::size_t string_end(std::string_view text, std::size_t begin) {
    for (std::size_t at = begin + 1; (at = text.find('"', at)) != npos; ++at) {
        std::size_t backslashes = 0;
        while (text[at - 1 - backslashes] == '\\' && at - 1 - backslashes > begin) ++backslashes;
        if (backslashes % 2 == 0) return at + 1;
    }
    return npos;
}

std::size_t any_value_end(std::string_view text, std::size_t begin) {
    if (begin >= text.size()) return npos;
    if (text[begin] == '{' || text[begin] == '[') return value_end(text, begin);
    if (text[begin] == '"') return string_end(text, begin);
    const auto end = text.find_first_of(",]} \t\r\n", begin);
    return end == begin ? npos : std::min(end, text.size());
}

std::size_t skip_space(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
    return at;
}

bool unescape(std::string_view content, std::string& out) {
    while (!content.empty()) {
        const auto plain = std::min(content.find('\\'), content.size());
        out.append(content, 0, plain);
        content.remove_prefix(plain);
        if (content.empty()) break;
        if (content.size() < 2) return false;
        const char kind = content[1];
        content.remove_prefix(2);
        constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        if (const auto simple = letters.find(kind); simple != npos) {
            out.push_back(meanings[simple]);
            continue;
        }
        auto point = kind == 'u' ? hex4(content) : std::nullopt;
        if (!point) return false;
        content.remove_prefix(4);
        if (*point >= 0xd800 && *point < 0xe000) {
            const auto low = content.starts_with("\\u") ? hex4(content.substr(2)) : std::nullopt;
            if (*point >= 0xdc00 || !low || *low < 0xdc00 || *low >= 0xe000) return false;
            point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
            content.remove_prefix(6);
        }
        append_utf8(out, *point);
    }
    return true;
}

}  // namespace cairn::ingest
