#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::gateway {

/// The bytes of a spool file: docs/format/spool.md.
inline constexpr std::uint32_t spool_version = 2;  ///< that is written; version 1 is read, too
inline constexpr std::size_t spool_header_bytes = 16, spool_frame_header_bytes = 20;
inline constexpr std::uint32_t spool_text_bytes_max = 16u << 20;  ///< of a record, and of its evidence

std::string spool_header();

/// The version of a file. Error: corrupt: no spool file, or of a newer version.
Result<std::uint32_t> check_spool_header(std::string_view bytes);

struct SpoolFrame {
    std::string_view record, evidence;
    std::uint64_t sequence = 0;
};

void append_spool_frame(std::string& out, const SpoolFrame& frame);

/// Takes a frame off the front of what a file of that version has behind its header. Empty at the end, at a frame that
/// is cut, and at one that is damaged.
std::optional<SpoolFrame> take_spool_frame(std::string_view& bytes, std::uint32_t version);

}  // namespace cairn::gateway
