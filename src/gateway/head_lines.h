#pragma once

#include <optional>
#include <string_view>

namespace cairn::gateway {

/// The lines and fields of a message head (RFC 9112 section 5), as they stand in its bytes.

/// Takes a line off the front, without its CRLF. Empty when it ends otherwise or holds a CR or NUL.
std::optional<std::string_view> take_line(std::string_view& rest);

struct Field {
    std::string_view name, value;  ///< the value without blanks around it
};

/// Empty when the line is no field: a folded one, a blank before the colon, characters that no field has.
std::optional<Field> read_field(std::string_view line);

/// Calls `use` with each item of a list with commas, without blanks around it.
template <class Use>
void for_each_item(std::string_view list, Use&& use) {
    for (;;) {
        const auto comma = list.find(',');
        auto item = list.substr(0, comma);
        while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
        while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
        if (!item.empty()) use(item);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

/// Is `item` (compared without case) in the list?
bool has_item(std::string_view list, std::string_view item);

}  // namespace cairn::gateway
