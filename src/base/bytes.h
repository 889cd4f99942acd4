#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace cairn {

static_assert(std::endian::native == std::endian::little, "file formats are little-endian and read in place");

/// Reads a little-endian integer at `at`, which need not be aligned. The caller has checked the bounds.
template <class Integer>
Integer load(const void* at) {
    static_assert(std::is_integral_v<Integer>);
    Integer value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// Writes `value` little-endian at `at`, which need not be aligned.
template <class Integer>
void store(void* at, Integer value) {
    static_assert(std::is_integral_v<Integer>);
    std::memcpy(at, &value, sizeof value);
}

/// Appends the little-endian bytes of an integer.
template <class Integer>
void append(std::string& out, Integer value) {
    static_assert(std::is_integral_v<Integer>);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Appends `value` in base 128, low groups first, 1 to 10 bytes.
void append_varint(std::string& out, std::uint64_t value);

/// Appends the length as varint, then the bytes.
void append_text(std::string& out, std::string_view text);

/// Reads fields off the front of a byte string. Every read is checked: after the first read past the end
/// (or a varint over 64 bits) `ok()` is false, and that read and all later ones yield zero or empty.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    template <class Integer>
    Integer integer() {
        const auto bytes = take(sizeof(Integer));
        return bytes.size() == sizeof(Integer) ? load<Integer>(bytes.data()) : Integer{};
    }

    std::uint64_t varint();

    /// A length as varint, then that many bytes.
    std::string_view text();

    /// The next `size` bytes, or an empty string when there are fewer.
    std::string_view take(std::size_t size);

    std::string_view rest() const { return rest_; }
    bool ok() const { return ok_; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// Lower-case hexadecimal, and back; upper case is read too. Empty when `hex` is not whole bytes of hex digits.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);

/// Base64 (RFC 4648, with padding), and back. White space and missing padding are refused.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace cairn
