#include "gateway/account_of_key.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace cairn::gateway {

std::optional<std::string> account_in_key_id(std::string_view key_id) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static constexpr std::uint64_t accounts = 1'000'000'000'000;
    if (key_id.size() != 20) return std::nullopt;
    std::uint64_t first_bits = 0;  // 50 of them
    for (std::size_t i = 4; i < key_id.size(); ++i) {
        const auto digit = digits.find(key_id[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        if (i < 14) first_bits = first_bits << 5 | digit;
    }
    const auto account = first_bits >> 9 & 0xff'ffff'ffff;
    if (first_bits >> 49 == 0 || account >= accounts) return std::nullopt;
    return fmt::format("{:012}", account);
}

bool is_account_id(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace cairn::gateway
