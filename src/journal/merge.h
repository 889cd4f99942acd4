#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/block.h"
#include "journal/frame.h"

namespace cairn::journal {

/// Blocks smaller than `small_bytes` (raw) are joined with their neighbours into blocks of up to `joined_bytes`.
struct MergeLimits {
    std::uint32_t small_bytes = 32 * 1024;
    std::uint32_t joined_bytes = 128 * 1024;
};

/// A frame on its way into the archive.
struct SealedFrame {
    FrameHeader header;
    std::string_view bytes;       ///< whole frame, in the journal file
    std::uint32_t raw_bytes = 0;  ///< 0 when the block cannot be opened: then it is moved as it is
    std::uint32_t dictionary_id = 0;
};

/// Looks into the block of a whole frame.
SealedFrame inspect_frame(const FrameHeader& header, std::string_view frame, const FindDictionary& find_dictionary);

/// Whether `next` may be joined to `run`: one class, one ingest day, consecutive numbers and sequences, all small, not
/// too large together.
bool may_join(std::span<const SealedFrame> run, const SealedFrame& next, const MergeLimits& limits);

/// One frame from the blocks of several, re-encoded, with their links. Error: corrupt, when a block cannot be decoded;
/// then the frames are moved as they are.
Result<std::string> join_frames(std::span<const SealedFrame> run, const FindDictionary& find_dictionary,
                                const BlockCodec& codec);

inline std::int64_t day_of(std::int64_t time_ms) {
    constexpr std::int64_t day_ms = 86'400'000;
    return time_ms >= 0 ? time_ms / day_ms : (time_ms - day_ms + 1) / day_ms;
}

}  // namespace cairn::journal
