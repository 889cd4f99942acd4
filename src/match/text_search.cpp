#include "match/text_search.h"

#include <algorithm>
#include <cstring>

#include "event/json_scan.h"

namespace cairn::match {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

/// Position of the byte that is least frequent in records, as far as a short list can tell.
std::size_t rarest(std::string_view text) {
    constexpr std::string_view frequent = "\"eaitnosrcm:,.ldpu01234567-89gbfhvwy/";
    std::size_t best = 0, best_rank = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t rank = std::min(frequent.find(text[i]), frequent.size());
        if (rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

}  // namespace

TextSearch::TextSearch(std::string_view text) : lowered_(text) {
    std::ranges::transform(lowered_, lowered_.begin(), lower);
    anchor_ = rarest(lowered_);
}

bool TextSearch::found_in(std::string_view where) const {
    if (lowered_.empty()) return true;
    if (where.size() < lowered_.size()) return false;
    const char first = lowered_[anchor_];
    return found_from(where, first) || (upper(first) != first && found_from(where, upper(first)));
}

bool TextSearch::found_from(std::string_view where, char first) const {
    const char* at = where.data() + anchor_;
    const char* const end = where.data() + where.size() - lowered_.size() + anchor_ + 1;
    const auto same = [](char wanted, char c) { return wanted == lower(c); };
    for (; at < end; ++at) {
        at = static_cast<const char*>(std::memchr(at, first, static_cast<std::size_t>(end - at)));
        if (!at) return false;
        if (std::equal(lowered_.begin(), lowered_.end(), at - anchor_, same)) return true;
    }
    return false;
}

bool TextSearch::found_in_json(std::string_view json) const {
    if (found_in(json)) return true;
    if (json.find('\\') == std::string_view::npos) return false;
    std::string plain;
    append_unescaped(plain, json);
    return found_in(plain);
}

std::string_view plain_part(std::string_view text) {
    const auto plain = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '/';
    };
    std::string_view longest;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && plain(text[end])) ++end;
        if (end - begin > longest.size()) longest = text.substr(begin, end - begin);
        begin = end + 1;
    }
    return longest;
}

}  // namespace cairn::match
