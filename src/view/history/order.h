#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cairn::history {

/// The order of history: (time, eventID, number). Of an eventID the first 128 bytes count, so that a token stays small.
inline constexpr std::size_t order_id_bytes = 128;

inline std::string_view order_id(std::string_view event_id) { return event_id.substr(0, order_id_bytes); }

/// A place in the order of history.
struct Position {
    std::int64_t time_ms = 0;
    std::string event_id;  ///< at most order_id_bytes
    std::uint64_t number = 0;
    friend auto operator<=>(const Position&, const Position&) = default;
};

/// The first 8 bytes of an eventID as IndexRow::id_prefix has them.
inline std::uint64_t id_prefix(std::string_view event_id) {
    std::uint64_t prefix = 0;
    for (std::size_t i = 0; i < 8; ++i)
        prefix = prefix << 8 | (i < event_id.size() ? static_cast<unsigned char>(event_id[i]) : 0);
    return prefix;
}

/// An id prefix in 16 bits, never against the order of the prefixes: equal codes say nothing, different ones decide.
/// Made for lower-case hexadecimal, of which it tells 3.5 digits apart; everything between the digits shares a code.
inline std::uint16_t id_code(std::uint64_t prefix) {
    constexpr unsigned symbols = 19, last_symbols = 9;
    const auto symbol_at = [&](unsigned i) -> unsigned {
        const auto c = static_cast<unsigned char>(prefix >> (56 - 8 * i));
        if (c < '0') return 0;
        if (c <= '9') return 1u + c - '0';
        if (c < 'a') return 11;
        return c <= 'f' ? 12u + c - 'a' : 18;
    };
    unsigned code = 0;
    bool exact = true;  // after a symbol that stands for many characters, later ones cannot be compared
    for (unsigned i = 0; i < 3; ++i) {
        const unsigned symbol = exact ? symbol_at(i) : 0;
        exact = exact && symbol != 0 && symbol != 11 && symbol != 18;
        code = code * symbols + symbol;
    }
    return static_cast<std::uint16_t>(code * last_symbols + (exact ? symbol_at(3) * last_symbols / symbols : 0));
}

}  // namespace cairn::history
