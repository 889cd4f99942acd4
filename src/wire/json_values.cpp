#include "wire/json_values.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/utf8.h"

namespace cairn::wire {

Json untyped_value(const std::string& text) {
    if (text == "true" || text == "false") return text == "true";
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && std::to_string(value) == text ? Json(value) : Json(text);
}

namespace {

/// Most texts are ASCII, and stay where they are.
bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

void make_valid(Json& value) {
    if (value.is_string() && !is_ascii(value.as_string())) value = valid_utf8(value.as_string());
    if (value.is_array())
        for (auto& item : value.array()) make_valid(item);
    if (value.is_object())
        for (auto& [name, member] : value.object()) {
            if (!is_ascii(name)) name = valid_utf8(name);
            make_valid(member);
        }
}

}  // namespace cairn::wire
