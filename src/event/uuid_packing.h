#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

/// Lower-case UUIDs (8-4-4-4-12 hex digits) do not compress: blocks keep each as one marker byte in the text and its
/// 16 bytes apart. The marker is a control character, which valid JSON never holds raw (RFC 8259 section 7).
inline constexpr char uuid_marker = '\x01';
inline constexpr std::size_t uuid_text_size = 36;
inline constexpr std::size_t uuid_packed_size = 16;

/// A byte of a UUID's text: lower-case hex digit or '-'.
constexpr bool is_uuid_byte(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; }

/// Appends `text` to `packed` with markers for UUIDs, their bytes to `uuids`. A UUID followed by another UUID byte is
/// left as text: so whether one is packed depends on nothing but itself and the byte after it, and none overlap.
/// `text` must not hold the marker.
void pack_uuids(std::string_view text, std::string& packed, std::string& uuids);

/// The same for a search term, where a UUID at the very end is left as text: what follows it is not known.
void pack_inner_uuids(std::string_view term, std::string& packed, std::string& uuids);

/// Writes the 36 characters of the 16 bytes at `uuid`.
void write_uuid(const char* uuid, char* out);

/// Writes `packed` with all UUIDs restored; `out` has room for packed.size() + 35 bytes per UUID. The number of markers
/// must equal uuids.size() / 16: false when it does not, and `out` is then undefined.
bool restore_uuids(std::string_view packed, std::string_view uuids, char* out);

}  // namespace cairn
