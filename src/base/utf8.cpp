#include "base/utf8.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// The size of the character that `text` begins with; 0 when it begins with none.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > text.size()) return 0;
    // overlong forms, surrogates, and what lies behind U+10FFFF show in the second byte
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < least || byte(1) > most) return 0;
    const auto follows = [](char c) { return (c & 0xc0) == 0x80; };
    return std::ranges::all_of(text.substr(2, size - 2), follows) ? size : 0;
}

}  // namespace

std::string valid_utf8(std::string_view text, std::size_t bytes_max) {
    std::string out;
    out.reserve(std::min(text.size(), bytes_max));
    while (!text.empty()) {
        const auto* const end = std::ranges::find_if(text, [](char c) { return (c & 0x80) != 0; });
        const auto plain = text.substr(0, static_cast<std::size_t>(end - text.begin()));
        out += plain.substr(0, bytes_max - out.size());
        text.remove_prefix(plain.size());
        if (text.empty() || out.size() == bytes_max) break;
        const auto size = character_size(text);
        const auto character = size > 0 ? text.substr(0, size) : replacement;
        if (character.size() > bytes_max - out.size()) break;
        out += character;
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace cairn
