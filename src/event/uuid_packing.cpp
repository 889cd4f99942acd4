#include "event/uuid_packing.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cairn {

namespace {

// In "8-4-4-4-12" the dashes stand 5 apart, the first after 8 digits.
constexpr std::size_t first_dash = 8, dash_gap = 5, after_first_dash = uuid_text_size - first_dash;

bool has_dashes(const char* first) {
    return first[0] == '-' && first[dash_gap] == '-' && first[2 * dash_gap] == '-' && first[3 * dash_gap] == '-';
}

/// The first position from `at` on where four dashes stand as in a UUID, or size when there is none.
std::size_t find_dashes(const char* text, std::size_t at, std::size_t size) {
    constexpr std::size_t reach = 3 * dash_gap;
    if (size < reach + 1) return size;
    const std::size_t end = size - reach;
#if defined(__SSE2__)
    const __m128i dash = _mm_set1_epi8('-');
    const auto dashes = [&](std::size_t i) {
        return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i)), dash);
    };
    for (; at + 16 <= end; at += 16) {
        const __m128i outer = _mm_and_si128(dashes(at), dashes(at + reach));
        const __m128i inner = _mm_and_si128(dashes(at + dash_gap), dashes(at + 2 * dash_gap));
        const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(outer, inner)));
        if (hits != 0) return at + static_cast<unsigned>(std::countr_zero(hits));
    }
#endif
    while (at < end) {
        const void* next = std::memchr(text + at, '-', end - at);
        if (next == nullptr) return size;
        at = static_cast<std::size_t>(static_cast<const char*>(next) - text);
        if (has_dashes(text + at)) return at;
        ++at;
    }
    return size;
}

#if !defined(__SSE2__)
constexpr std::array<signed char, 256> hex_values = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<signed char>(i);
    for (int i = 0; i < 6; ++i) values[static_cast<std::size_t>('a' + i)] = static_cast<signed char>(10 + i);
    return values;
}();
#endif

/// 32 lower-case hex digits to 16 bytes; false when some byte is none.
bool read_hex(const char* digits, char* out) {
#if defined(__SSE2__)
    const auto values_of = [](__m128i text, __m128i& valid) {
        const auto between = [&](char low, char high) {
            return _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8(static_cast<char>(low - 1))),
                                 _mm_cmplt_epi8(text, _mm_set1_epi8(static_cast<char>(high + 1))));
        };
        const __m128i letter = between('a', 'f');
        valid = _mm_and_si128(valid, _mm_or_si128(between('0', '9'), letter));
        const __m128i low = _mm_and_si128(text, _mm_set1_epi8(15));
        return _mm_add_epi8(low, _mm_and_si128(letter, _mm_set1_epi8(9)));
    };
    const auto joined = [](__m128i values) {  // two digits of a 16-bit lane to one byte
        const __m128i high = _mm_slli_epi16(_mm_and_si128(values, _mm_set1_epi16(15)), 4);
        return _mm_or_si128(high, _mm_srli_epi16(values, 8));
    };
    __m128i valid = _mm_set1_epi8(-1);
    const __m128i one = values_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(digits)), valid);
    const __m128i two = values_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(digits + 16)), valid);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(joined(one), joined(two)));
    return _mm_movemask_epi8(valid) == 0xffff;
#else
    int valid = 0;
    for (int i = 0; i < 16; ++i) {
        const int high = hex_values[static_cast<unsigned char>(digits[2 * i])];
        const int low = hex_values[static_cast<unsigned char>(digits[2 * i + 1])];
        valid |= high | low;
        out[i] = static_cast<char>(static_cast<unsigned>(high) << 4 | static_cast<unsigned>(low));
    }
    return valid >= 0;
#endif
}

bool read_uuid(const char* text, char* out) {
    char digits[32];
    std::memcpy(digits, text, 8);
    std::memcpy(digits + 8, text + 9, 4);
    std::memcpy(digits + 12, text + 14, 4);
    std::memcpy(digits + 16, text + 19, 4);
    std::memcpy(digits + 20, text + 24, 12);
    return read_hex(digits, out);
}

void pack(std::string_view text, bool end_is_boundary, std::string& packed, std::string& uuids) {
    std::size_t copied = 0, at = 0;
    char bytes[uuid_packed_size];
    while ((at = find_dashes(text.data(), at, text.size())) < text.size()) {
        const std::size_t end = at + after_first_dash;
        const bool fits = at >= copied + first_dash && end <= text.size();
        const bool bounded = end < text.size() ? !is_uuid_byte(text[end]) : end_is_boundary;
        if (!fits || !bounded || !read_uuid(text.data() + at - first_dash, bytes)) {
            ++at;
            continue;
        }
        packed.append(text, copied, at - first_dash - copied);
        packed.push_back(uuid_marker);
        uuids.append(bytes, sizeof bytes);
        copied = at = end;
    }
    packed.append(text, copied);
}

/// 16 bytes to 32 lower-case hex digits.
void write_hex(const char* bytes, char* out) {
#if defined(__SSE2__)
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    const __m128i low_half = _mm_set1_epi8(15);
    const __m128i low = _mm_and_si128(packed, low_half);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(packed, 4), low_half);
    const auto write = [&](__m128i values, char* at) {
        const __m128i letter = _mm_cmpgt_epi8(values, _mm_set1_epi8(9));
        const __m128i text =
            _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), _mm_and_si128(letter, _mm_set1_epi8('a' - '9' - 1)));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at), text);
    };
    write(_mm_unpacklo_epi8(high, low), out);
    write(_mm_unpackhi_epi8(high, low), out + 16);
#else
    constexpr char digits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < 16; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out[2 * i] = digits[byte >> 4];
        out[2 * i + 1] = digits[byte & 15];
    }
#endif
}

}  // namespace

void pack_uuids(std::string_view text, std::string& packed, std::string& uuids) { pack(text, true, packed, uuids); }

void pack_inner_uuids(std::string_view term, std::string& packed, std::string& uuids) {
    pack(term, false, packed, uuids);
}

void write_uuid(const char* uuid, char* out) {
    char digits[32];
    write_hex(uuid, digits);
    std::memcpy(out, digits, 8);
    std::memcpy(out + 9, digits + 8, 4);
    std::memcpy(out + 14, digits + 12, 4);
    std::memcpy(out + 19, digits + 16, 4);
    std::memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
}

bool restore_uuids(std::string_view packed, std::string_view uuids, char* out) {
    const char* at = packed.data();
    const char* const end = at + packed.size();
    for (std::size_t i = 0; i < uuids.size(); i += uuid_packed_size) {
        const void* marker = at == end ? nullptr : std::memchr(at, uuid_marker, static_cast<std::size_t>(end - at));
        if (marker == nullptr) return false;
        const auto before = static_cast<std::size_t>(static_cast<const char*>(marker) - at);
        std::memcpy(out, at, before);
        write_uuid(uuids.data() + i, out + before);
        out += before + uuid_text_size;
        at += before + 1;
    }
    const auto rest = static_cast<std::size_t>(end - at);
    if (rest == 0) return true;
    if (!uuids.empty() && std::memchr(at, uuid_marker, rest) != nullptr) return false;
    std::memcpy(out, at, rest);
    return true;
}

}  // namespace cairn
