#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::gateway {

/// The bytes of a spool file: docs/format/spool.md.
inline constexpr std::size_t spool_header_bytes = 16, spool_frame_header_bytes = 16;
inline constexpr std::uint32_t spool_record_bytes_max = 16u << 20;

std::string spool_header();

/// Error: corrupt: no spool file, or of a newer version.
Result<void> check_spool_header(std::string_view bytes);

void append_spool_frame(std::string& out, std::string_view record, std::uint64_t sequence);

struct SpoolFrame {
    std::string_view record;
    std::uint64_t sequence = 0;
};

/// Takes a frame off the front. Empty at the end, at a frame that is cut, and at one that is damaged.
std::optional<SpoolFrame> take_spool_frame(std::string_view& bytes);

}  // namespace cairn::gateway
