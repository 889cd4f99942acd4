#include "wire/json_values.h"

#include <charconv>
#include <cstdint>

#include "base/utf8.h"

namespace cairn::wire {

Json untyped_value(const std::string& text) {
    if (text == "true" || text == "false") return text == "true";
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && std::to_string(value) == text ? Json(value) : Json(text);
}

void make_valid(Json& value) {
    if (value.is_string()) value = valid_utf8(value.as_string());
    if (value.is_array())
        for (auto& item : value.array()) make_valid(item);
    if (value.is_object())
        for (auto& [name, member] : value.object()) {
            name = valid_utf8(name);
            make_valid(member);
        }
}

}  // namespace cairn::wire
