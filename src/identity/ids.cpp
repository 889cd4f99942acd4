#include "identity/ids.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/uuid.h"
#include "sign/digest.h"

namespace cairn::identity {

namespace {

constexpr std::string_view base32_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `count` characters from the first bits of `bytes`.
std::string base32(std::string_view bytes, std::size_t count) {
    CAIRN_CHECK(bytes.size() * 8 >= count * 5);
    std::string text;
    unsigned bits = 0, pending = 0;
    while (text.size() < count) {
        if (pending < 5) {
            bits = bits << 8 | static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            pending += 8;
        }
        pending -= 5;
        text.push_back(base32_digits[bits >> pending & 31]);
    }
    return text;
}

std::string new_key_id(std::string_view prefix, std::string_view account) {
    CAIRN_CHECK(is_account_id(account));
    // Of the first 48 bits the highest says that an account follows, which takes 40; the rest is random.
    const std::uint64_t head = std::uint64_t{1} << 47 | std::stoull(std::string(account)) << 7;
    auto bytes = random_bytes(10);
    for (int i = 0; i < 5; ++i) bytes[i] = static_cast<char>(head >> (40 - 8 * i));
    bytes[5] = static_cast<char>((head & 0x80) | (static_cast<unsigned char>(bytes[5]) & 0x7f));
    return std::string(prefix) + base32(bytes, 16);
}

}  // namespace

bool is_account_id(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

std::string new_access_key_id(std::string_view account) { return new_key_id("AKIA", account); }

std::string new_session_key_id(std::string_view account) { return new_key_id("ASIA", account); }

std::string new_session_token() { return to_base64(random_bytes(48)); }

std::string new_secret() { return to_base64(random_bytes(30)); }

std::string new_token_id() {
    auto text = base32(random_bytes(10), 16);
    std::ranges::transform(text, text.begin(),
                           [](char letter) { return letter >= 'A' ? static_cast<char>(letter + 32) : letter; });
    return "cairn-" + text;
}

std::string new_token() { return "cairn_" + base32(random_bytes(25), 40); }

std::string new_unique_id(std::string_view prefix) { return std::string(prefix) + base32(random_bytes(11), 17); }

std::string named_unique_id(std::string_view prefix, std::string_view name) {
    return std::string(prefix) + base32(sign::sha256(name), 17);
}

}  // namespace cairn::identity
