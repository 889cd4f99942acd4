#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::block_format {

/// The numbers of docs/format/block.md that writer and reader share.
inline constexpr std::uint32_t magic = 0x4b4c4243;  ///< "CBLK"
inline constexpr std::uint8_t version = 1;

/// The fixed part of the header. The first four places stay where they are in every version, so that an older reader
/// can tell a newer block from a damaged one.
inline constexpr std::size_t magic_at = 0;
inline constexpr std::size_t header_bytes_at = 4;
inline constexpr std::size_t header_crc_at = 8;
inline constexpr std::size_t version_at = 12;
inline constexpr std::size_t retention_at = 13;
inline constexpr std::size_t reserved_at = 14;
inline constexpr std::size_t event_count_at = 16;
inline constexpr std::size_t sub_block_count_at = 20;
inline constexpr std::size_t raw_bytes_at = 24;
inline constexpr std::size_t dictionary_at = 32;
inline constexpr std::size_t key_at = 36;
inline constexpr std::size_t fixed_bytes = 40;

inline constexpr std::size_t sub_block_crc_bytes = 4;

/// The most that one sub-block may hold, unpacked.
inline constexpr std::size_t sub_block_bytes_max = std::size_t{64} << 20;

}  // namespace cairn::block_format
