#include "gateway/head_lines.h"

#include <algorithm>
#include <array>

#include "net/http.h"

namespace cairn::gateway {

namespace {

/// RFC 9110 section 5.6.2.
constexpr auto token_characters = [] {
    std::array<bool, 256> table{};
    for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
    for (int c = '0'; c <= '9'; ++c) table[c] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_token(char c) { return token_characters[static_cast<unsigned char>(c)]; }
bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

}  // namespace

std::optional<std::string_view> take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') return std::nullopt;
    const auto line = rest.substr(0, end - 1);
    if (!std::ranges::all_of(line, is_text)) return std::nullopt;
    rest.remove_prefix(end + 1);
    return line;
}

std::optional<Field> read_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const auto name = line.substr(0, colon);
    if (!std::ranges::all_of(name, is_token)) return std::nullopt;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return Field{name, value};
}

bool has_item(std::string_view list, std::string_view wanted) {
    bool found = false;
    for_each_item(list, [&](std::string_view item) { found |= net::equal_names(item, wanted); });
    return found;
}

}  // namespace cairn::gateway
