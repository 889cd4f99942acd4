#include "view/history/text_filter.h"

#include <algorithm>
#include <cstring>

#include "event/find_bytes.h"

namespace cairn::history {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

/// The byte of a text that is rarest in records, as far as one can say: letters that names and keys are made of are not.
std::size_t rarest_at(std::string_view text) {
    constexpr std::string_view common_first = "\"eaitnosrcm:,.lpudgSA0123456789";
    std::size_t best = 0, best_rank = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto found = common_first.find(text[i]);
        const auto rank = found == std::string_view::npos ? common_first.size() : found;
        if (rank > best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    return best;
}

bool same_ignoring_case(const char* text, std::string_view lowered) {
    for (std::size_t i = 0; i < lowered.size(); ++i)
        if (lower(text[i]) != lowered[i]) return false;
    return true;
}

/// True when `text` holds `lowered` in any mixture of ASCII cases. Searches both cases of one rare byte with memchr.
bool contains_ignoring_case(std::string_view text, std::string_view lowered) {
    if (lowered.size() > text.size()) return false;
    const auto anchor = rarest_at(lowered);
    const auto occurs_at_any = [&](char byte) {
        const char* at = text.data() + anchor;
        const char* const end = text.data() + text.size() - (lowered.size() - 1 - anchor);
        while ((at = static_cast<const char*>(std::memchr(at, byte, static_cast<std::size_t>(end - at)))) != nullptr) {
            if (same_ignoring_case(at - anchor, lowered)) return true;
            if (++at == end) return false;
        }
        return false;
    };
    const char byte = lowered[anchor];
    return occurs_at_any(byte) || (upper(byte) != byte && occurs_at_any(upper(byte)));
}

}  // namespace

TextFilter::TextFilter(std::vector<match::Query::Needle> needles) : needles_(std::move(needles)) {
    if (std::ranges::any_of(needles_, [](const auto& needle) { return needle.text.empty(); })) needles_.clear();
    for (auto& needle : needles_) {
        if (!needle.ignore_case) continue;
        std::ranges::transform(needle.text, needle.text.begin(), lower);
        any_ignores_case_ = true;
    }
}

Result<bool> TextFilter::ask(const OpenBlock& block, std::uint32_t sub_block) {
    if (!any_ignores_case_) {
        for (const auto& needle : needles_) {
            const auto may = block.reader.may_contain(sub_block, needle.text);
            if (!may || *may) return may;
        }
        return false;
    }
    CAIRN_TRY(block.reader.read_sub_block(sub_block, decoded_));
    const auto text = std::string_view(decoded_.text).substr(0, decoded_.ends.empty() ? 0 : decoded_.ends.back());
    return std::ranges::any_of(needles_, [&](const auto& needle) {
        return needle.ignore_case ? contains_ignoring_case(text, needle.text) : contains_bytes(text, needle.text);
    });
}

Result<bool> TextFilter::may_match(RecentBlocks::Entry& entry, std::uint64_t number) {
    if (entry.verdicts.empty()) entry.verdicts.assign(entry.block->reader.sub_block_count(), -1);
    const auto sub_block = entry.block->place(number).sub_block;
    auto& verdict = entry.verdicts[sub_block];
    if (verdict < 0) {
        const auto may = ask(*entry.block, sub_block);
        if (!may) return may;
        verdict = *may ? 1 : 0;
    }
    return verdict != 0;
}

}  // namespace cairn::history
