#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/block_entry.h"
#include "journal/chain.h"

namespace cairn::journal {

/// The first page of a journal file. A file is used again and again: each use is a generation, and its header is
/// durable before its first frame is written. Format: docs/format/journal.md.
inline constexpr std::size_t page_bytes = 4096;

struct SlotHeader {
    std::uint64_t generation = 0;
    std::uint64_t first_sequence = 0;  ///< of its first frame; all frames below were durable
    std::uint64_t first_number = 0;
    Chain chain{};  ///< link before its first frame
};

/// One page.
std::string encode_slot_header(const SlotHeader& header);

/// Nothing when there is no header with a right CRC. Error: unavailable, for a newer version.
Result<std::optional<SlotHeader>> read_slot_header(std::string_view bytes, const std::string& path);

/// What is known from outside about the frames of one journal file.
struct SlotLimits {
    std::optional<std::uint64_t> sequence_end;  ///< frames from here on are in the next file
    std::uint64_t number_end = 0;               ///< with sequence_end: the next file's first event
    std::uint64_t durable_sequence = 0;         ///< frames below are known to have been durable
    std::uint64_t durable_number = 0;           ///< events below are known to have been durable
};

/// What a journal file holds.
struct SlotScan {
    std::vector<BlockEntry> entries;
    std::vector<Finding> findings;  ///< damage: acknowledged events that are not readable, links that do not fit
    std::uint64_t end_sequence = 0;
    std::uint64_t end_number = 0;
    Chain chain{};
    bool chain_known = true;
    std::size_t used_bytes = 0;  ///< up to here everything belongs to the log
    std::size_t torn_bytes = 0;  ///< after used_bytes: an unacknowledged rest
    std::int64_t newest_ms = 0;
    std::int64_t oldest_ingest_ms = 0;
};

/// Walks the frames of a mapped journal file and decides each place by recovery.h. Reads the whole file.
/// Error: unavailable, when a frame was written by a newer version.
Result<SlotScan> scan_slot(std::string_view bytes, const std::string& path, const SlotHeader& header,
                           const SlotLimits& limits);

}  // namespace cairn::journal
