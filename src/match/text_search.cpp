#include "match/text_search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <re2/re2.h>

#include "event/json_scan.h"

namespace cairn::match {

namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Letters that to Unicode are the same as one on the other side of ASCII: the Kelvin sign and the long s.
constexpr std::pair<std::string_view, std::string_view> kept_apart[] = {
    {"k", "(?-i:[Kk])"}, {"K", "(?-i:[Kk])"},        {"s", "(?-i:[Ss])"},
    {"S", "(?-i:[Ss])"}, {"\u212a", "(?-i:\u212a)"}, {"\u017f", "(?-i:\u017f)"}};

/// An expression for `text` without regard to case.
std::string expression_for(std::string_view text) {
    std::string expression;
    std::size_t plain = 0;
    const auto flush = [&](std::size_t end) { expression += re2::RE2::QuoteMeta({text.data() + plain, end - plain}); };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto* apart = std::ranges::find_if(
            kept_apart, [&](const auto& letter) { return text.substr(at).starts_with(letter.first); });
        if (apart == std::end(kept_apart)) continue;
        flush(at);
        expression += apart->second;
        plain = at + apart->first.size();
    }
    flush(text.size());
    return expression;
}

re2::RE2::Options options() {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_case_sensitive(false);
    options.set_never_capture(true);
    return options;
}

}  // namespace

struct TextSearch::Folded {
    explicit Folded(std::string_view text) : expression(expression_for(text), options()) {}
    re2::RE2 expression;
};

TextSearch::TextSearch(std::string_view text)
    : finder_(text, BytesFinder::Case::ignored),
      folded_(std::ranges::all_of(text, is_ascii) ? nullptr : std::make_shared<const Folded>(text)) {}

bool TextSearch::found_in(std::string_view where) const {
    if (!folded_ || !folded_->expression.ok()) return finder_.found_in(where);
    // most texts have no letter beyond ASCII, and so not the one that is sought
    if (std::ranges::all_of(where, is_ascii)) return false;
    return re2::RE2::PartialMatch({where.data(), where.size()}, folded_->expression);
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
