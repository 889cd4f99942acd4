#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event/record.h"
#include "journal/frame.h"

namespace cairn::journal {

/// Where one block is in its file. Also the row of an archive file's block table, used as mapped.
struct BlockEntry {
    std::uint64_t first_number = 0;
    std::uint64_t offset = 0;  ///< of its frame
    std::uint32_t event_count = 0;
    std::uint32_t block_bytes = 0;
    std::uint32_t raw_bytes = 0;
    std::uint32_t retention = 0;

    std::uint64_t end_number() const { return first_number + event_count; }
    std::size_t block_offset() const {
        return offset + frame_header_bytes + std::size_t{event_count} * sizeof(Fingerprint);
    }
    RetentionClass retention_class() const { return static_cast<RetentionClass>(retention); }
};
static_assert(sizeof(BlockEntry) == 32);

inline BlockEntry entry_of(const FrameHeader& header, std::uint64_t offset) {
    return {header.first_number, offset,           header.event_count,
            header.block_bytes,  header.raw_bytes, static_cast<std::uint32_t>(header.retention)};
}

/// The first entry that ends after `number`: the block that holds it, or the next one.
inline std::span<const BlockEntry> entries_from(std::span<const BlockEntry> entries, std::uint64_t number) {
    const auto first =
        std::ranges::partition_point(entries, [&](const BlockEntry& entry) { return entry.end_number() <= number; });
    return entries.subspan(static_cast<std::size_t>(first - entries.begin()));
}

/// Something wrong in a stored file, as recovery and `cairn check` report it.
struct Finding {
    std::string path;
    std::uint64_t offset = 0;
    std::uint64_t first_number = 0;  ///< events concerned: [first_number, end_number); empty when none is lost
    std::uint64_t end_number = 0;
    std::string what;
};

}  // namespace cairn::journal
