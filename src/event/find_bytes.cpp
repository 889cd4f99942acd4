#include "event/find_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cairn {

namespace {

constexpr char case_bit = 0x20;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// How rare a byte is in records, as far as a short list can tell.
std::size_t rarity(char byte) {
    constexpr std::string_view frequent = "\"eaitnosrcm:,.ldpu01234567-89gbfhvwy/";
    return std::min(frequent.find(byte), frequent.size());
}

}  // namespace

BytesFinder::BytesFinder(std::string_view term, Case sensitivity) : term_(term) {
    if (sensitivity == Case::ignored) {
        for (char& byte : term_) {
            folds_.push_back(is_letter(byte) ? case_bit : 0);
            byte = static_cast<char>(byte | folds_.back());
        }
    }
    if (term_.empty()) return;
    std::size_t rarest = 0, next = term_.size() - 1;
    for (std::size_t i = 1; i < term_.size(); ++i)
        if (rarity(term_[i]) > rarity(term_[rarest])) rarest = i;
    if (next == rarest) next = 0;
    for (std::size_t i = 0; i < term_.size(); ++i)
        if (i != rarest && rarity(term_[i]) > rarity(term_[next])) next = i;
    first_ = anchor(rarest);
    second_ = anchor(next);
}

BytesFinder::Anchor BytesFinder::anchor(std::size_t at) const {
    return {at, term_[at], folds_.empty() ? char{0} : folds_[at]};
}

bool BytesFinder::stands_at(const char* text) const {
    if (folds_.empty()) return std::memcmp(text, term_.data(), term_.size()) == 0;
    for (std::size_t i = 0; i < term_.size(); ++i)
        if (static_cast<char>(text[i] | folds_[i]) != term_[i]) return false;
    return true;
}

std::size_t BytesFinder::find(std::string_view text, std::size_t from) const {
    if (from > text.size() || term_.size() > text.size() - from) return std::string_view::npos;
    if (term_.empty()) return from;
    const std::size_t end = text.size() - term_.size() + 1;  // of the positions where the term may begin
#if defined(__x86_64__)
    static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
    return has_avx2 ? find_avx2(text.data(), from, end) : find_sse2(text.data(), from, end);
#else
    return find_plain(text.data(), from, end);
#endif
}

std::size_t BytesFinder::find_plain(const char* begin, std::size_t at, std::size_t end) const {
    for (; at < end; ++at)
        if (static_cast<char>(begin[at + first_.at] | first_.fold) == first_.byte && stands_at(begin + at)) return at;
    return std::string_view::npos;
}

#if defined(__x86_64__)
// The last step of each goes back so that it is as wide as the others.

std::size_t BytesFinder::find_sse2(const char* begin, std::size_t at, std::size_t end) const {
    constexpr std::size_t width = 16;
    if (end - at < width) return find_plain(begin, at, end);
    const __m128i first = _mm_set1_epi8(first_.byte), first_fold = _mm_set1_epi8(first_.fold);
    const __m128i second = _mm_set1_epi8(second_.byte), second_fold = _mm_set1_epi8(second_.fold);
    for (; at < end; at += width) {
        at = std::min(at, end - width);
        const __m128i one = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin + at + first_.at));
        const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin + at + second_.at));
        const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(one, first_fold), first),
                                           _mm_cmpeq_epi8(_mm_or_si128(two, second_fold), second));
        for (auto hits = static_cast<unsigned>(_mm_movemask_epi8(both)); hits != 0; hits &= hits - 1) {
            const std::size_t hit = at + static_cast<unsigned>(std::countr_zero(hits));
            if (stands_at(begin + hit)) return hit;
        }
    }
    return std::string_view::npos;
}

__attribute__((target("avx2"))) std::size_t BytesFinder::find_avx2(const char* begin, std::size_t at,
                                                                   std::size_t end) const {
    constexpr std::size_t width = 32;
    if (end - at < width) return find_sse2(begin, at, end);
    const __m256i first = _mm256_set1_epi8(first_.byte), first_fold = _mm256_set1_epi8(first_.fold);
    const __m256i second = _mm256_set1_epi8(second_.byte), second_fold = _mm256_set1_epi8(second_.fold);
    const auto both_at = [&](std::size_t place) __attribute__((target("avx2"), always_inline)) {
        const __m256i one = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(begin + place + first_.at));
        const __m256i two = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(begin + place + second_.at));
        return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(one, first_fold), first),
                                _mm256_cmpeq_epi8(_mm256_or_si256(two, second_fold), second));
    };
    while (at < end) {
        // Hits are rare: four steps are looked at together.
        for (; at + 4 * width <= end; at += 4 * width) {
            const __m256i any = _mm256_or_si256(_mm256_or_si256(both_at(at), both_at(at + width)),
                                                _mm256_or_si256(both_at(at + 2 * width), both_at(at + 3 * width)));
            if (!_mm256_testz_si256(any, any)) break;
        }
        const auto steps_end = std::min(end, at + 4 * width);
        for (; at < steps_end; at += width) {
            at = std::min(at, end - width);
            auto hits = static_cast<unsigned>(_mm256_movemask_epi8(both_at(at)));
            for (; hits != 0; hits &= hits - 1) {
                const std::size_t hit = at + static_cast<unsigned>(std::countr_zero(hits));
                if (stands_at(begin + hit)) return hit;
            }
        }
    }
    return std::string_view::npos;
}
#endif

}  // namespace cairn
