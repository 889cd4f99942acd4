#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/record.h"
#include "journal/chain.h"
#include "seam/event_log.h"

namespace cairn::journal {

/// A frame holds one block in journal and archive: header, fingerprints, block, links, padding to 8 bytes.
/// Format: docs/format/journal.md.

inline constexpr std::uint32_t frame_magic = 0x4d524643;  ///< "CFRM"
inline constexpr std::uint16_t format_version = 1;
inline constexpr std::size_t frame_header_bytes = 144;
inline constexpr std::uint32_t block_bytes_max = 256u << 20;
inline constexpr std::uint32_t block_events_max = 1u << 20;

enum FrameFlag : std::uint8_t {
    ends_batch = 1,   ///< no batch is open after its last event: recovery may cut here
    ends_commit = 2,  ///< the next frame of this file begins at the next page
    merged = 4,       ///< made of several blocks when it was sealed; their links follow the block
};

struct FrameHeader {
    std::uint16_t version = format_version;
    RetentionClass retention = RetentionClass::management;
    std::uint8_t flags = 0;
    std::uint64_t generation = 0;        ///< of the journal file it was first written to
    std::uint64_t sequence = 0;          ///< counts all frames of the log
    std::uint64_t durable_sequence = 0;  ///< frames below it were durable when this one was written
    std::uint64_t first_number = 0;
    std::uint32_t event_count = 0;
    std::uint32_t block_bytes = 0;
    std::uint32_t raw_bytes = 0;  ///< of the records, uncompressed; 0 when not known
    std::uint32_t link_bytes = 0;
    std::int64_t ingest_ms = 0;
    std::int64_t newest_ms = 0;  ///< the later of ingest time and the newest eventTime that is known
    Chain chain_before{};
    Chain chain{};
    std::uint32_t body_crc = 0;  ///< of everything after the header

    std::uint64_t end_number() const { return first_number + event_count; }
    std::size_t fingerprints_bytes() const { return std::size_t{event_count} * sizeof(Fingerprint); }
    std::size_t block_offset() const { return frame_header_bytes + fingerprints_bytes(); }
    /// With its padding.
    std::size_t frame_bytes() const { return (block_offset() + block_bytes + link_bytes + 7) & ~std::size_t{7}; }
};

static_assert(sizeof(Fingerprint) == 24, "fingerprints are read in place");

/// The link of a block that was merged into a bigger one.
struct MergedLink {
    std::uint64_t first_number = 0;
    std::uint32_t event_count = 0;
    std::uint32_t reserved = 0;
    Chain chain{};
};
static_assert(sizeof(MergedLink) == 48);

/// Appends a whole frame. Lengths and CRCs of `header` are filled in from the parts.
void append_frame(std::string& out, FrameHeader header, std::span<const Fingerprint> fingerprints,
                  std::string_view block, std::span<const MergedLink> links = {});

/// Sets flags of the frame at `frame`.
void add_frame_flags(char* frame, std::uint8_t flags);

/// The header at the start of `bytes`, or nothing when there is none: too short, other magic, wrong CRC, or lengths
/// that no writer makes. The version is not judged: a caller refuses a newer one.
std::optional<FrameHeader> read_frame_header(std::string_view bytes);

/// True when `bytes` begins like a frame of `generation`, whole or not.
bool begins_frame_of(std::string_view bytes, std::uint64_t generation);

/// Whether the frame lies whole in `bytes` (which begins with it) and its body has its CRC.
bool body_is_whole(const FrameHeader& header, std::string_view bytes);

/// Whether the block has the link its header says. True for merged frames, whose blocks are gone.
bool link_is_right(const FrameHeader& header, std::string_view frame);

/// Parts of a whole frame.
std::string_view block_of(const FrameHeader& header, std::string_view frame);
std::span<const Fingerprint> fingerprints_of(const FrameHeader& header, std::string_view frame);
std::vector<MergedLink> links_of(const FrameHeader& header, std::string_view frame);

/// The next place at or after `offset` (at a multiple of 8) where a frame header of `generation` with a sequence of at
/// least `sequence_min` is. Without `generation`: of any.
std::optional<std::size_t> find_frame(std::string_view bytes, std::size_t offset,
                                      std::optional<std::uint64_t> generation, std::uint64_t sequence_min);

}  // namespace cairn::journal
