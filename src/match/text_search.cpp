#include "match/text_search.h"

#include <string>

#include "event/json_scan.h"

namespace cairn::match {

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
