#include "match/text_set.h"

#include <algorithm>

namespace cairn::match {

namespace {

using Texts = std::vector<std::string>;

bool before(std::string_view one, std::string_view other) { return one < other; }

/// The order of texts read backwards, by unsigned bytes as std::string has it.
bool before_from_end(std::string_view one, std::string_view other) {
    const auto smaller = [](char a, char b) { return static_cast<unsigned char>(a) < static_cast<unsigned char>(b); };
    return std::lexicographical_compare(one.rbegin(), one.rend(), other.rbegin(), other.rend(), smaller);
}

bool begins_with(std::string_view value, std::string_view prefix) { return value.starts_with(prefix); }
bool ends_with(std::string_view value, std::string_view suffix) { return value.ends_with(suffix); }

/// Sorts and leaves out what another one covers: of those that cover a value only one can stay, and it is the last one
/// not behind the value.
template <class Before, class Covers>
Texts without_covered(Texts texts, Before in_order, Covers covers) {
    std::ranges::sort(texts, in_order);
    Texts kept;
    for (auto& text : texts)
        if (kept.empty() || !covers(text, kept.back())) kept.push_back(std::move(text));
    return kept;
}

template <class Before, class Covers>
bool covered(const Texts& texts, std::string_view value, Before in_order, Covers covers) {
    const auto behind = std::upper_bound(texts.begin(), texts.end(), value, in_order);
    return behind != texts.begin() && covers(value, *std::prev(behind));
}

}  // namespace

TextSet::TextSet(Texts texts) : texts_(std::move(texts)) { std::ranges::sort(texts_); }
bool TextSet::holds(std::string_view value) const {
    return std::binary_search(texts_.begin(), texts_.end(), value, before);
}

PrefixSet::PrefixSet(Texts prefixes) : prefixes_(without_covered(std::move(prefixes), before, begins_with)) {}
bool PrefixSet::begins(std::string_view value) const { return covered(prefixes_, value, before, begins_with); }

SuffixSet::SuffixSet(Texts suffixes) : suffixes_(without_covered(std::move(suffixes), before_from_end, ends_with)) {}
bool SuffixSet::ends(std::string_view value) const { return covered(suffixes_, value, before_from_end, ends_with); }

}  // namespace cairn::match
