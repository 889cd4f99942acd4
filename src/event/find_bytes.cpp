#include "event/find_bytes.h"

#include <bit>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cairn {

std::size_t find_bytes(std::string_view text, std::string_view term, std::size_t from) {
    if (from > text.size() || term.size() > text.size() - from) return std::string_view::npos;
    if (term.empty()) return from;
    const char* const begin = text.data();
    const std::size_t last = term.size() - 1;
    const std::size_t end = text.size() - last;  // of the positions where the term may begin
    const auto is_at = [&](std::size_t at) { return std::memcmp(begin + at, term.data(), term.size()) == 0; };
    std::size_t at = from;
#if defined(__SSE2__)
    const __m128i first_byte = _mm_set1_epi8(term.front());
    const __m128i last_byte = _mm_set1_epi8(term.back());
    const auto equal_to = [&](std::size_t i, __m128i byte) {
        return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(begin + i)), byte);
    };
    for (; at + 16 <= end; at += 16) {
        const __m128i both = _mm_and_si128(equal_to(at, first_byte), equal_to(at + last, last_byte));
        for (auto hits = static_cast<unsigned>(_mm_movemask_epi8(both)); hits != 0; hits &= hits - 1) {
            const std::size_t hit = at + static_cast<unsigned>(std::countr_zero(hits));
            if (is_at(hit)) return hit;
        }
    }
#endif
    while (at < end) {
        const void* next = std::memchr(begin + at, term.front(), end - at);
        if (next == nullptr) break;
        at = static_cast<std::size_t>(static_cast<const char*>(next) - begin);
        if (is_at(at)) return at;
        ++at;
    }
    return std::string_view::npos;
}

}  // namespace cairn
