#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

/// A UUID (RFC 9562) as its 16 bytes in text order.
struct Uuid {
    std::array<unsigned char, 16> bytes{};
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// Random, version 4. Thread-safe; does not block once the kernel's generator is up.
Uuid random_uuid();

/// Name-based, version 8 over SHA-256 of `space` and `name`: the same names give the same UUID on every node.
Uuid named_uuid(std::string_view space, std::string_view name);

/// "0fb1f6d2-...", lower case, 36 characters; and back. Upper case is read too.
std::string format_uuid(const Uuid& uuid);
std::optional<Uuid> parse_uuid(std::string_view text);

/// `size` bytes of the kernel's random generator.
std::string random_bytes(std::size_t size);

}  // namespace cairn
