#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/block.h"
#include "journal/block_entry.h"
#include "journal/manifest.h"
#include "seam/disk.h"
#include "seam/event_log.h"

namespace cairn::journal {

/// An archive file: header, frames of one retention class in number order, and when it is closed a footer with the
/// block table and the dictionaries its blocks need. Format: docs/format/archive.md.
inline constexpr std::size_t archive_header_bytes = 64;
inline constexpr std::size_t archive_trailer_bytes = 64;

std::string encode_archive_header(RetentionClass retention, std::int64_t day, std::uint64_t first_number);

struct ArchiveHeader {
    RetentionClass retention = RetentionClass::management;
    std::int64_t day = 0;
    std::uint64_t first_number = 0;
};
/// Errors: corrupt; unavailable for a newer version.
Result<ArchiveHeader> read_archive_header(std::string_view bytes, const std::string& path);

/// The footer that goes to `offset`, the end of the frames (a multiple of 8).
std::string encode_archive_footer(std::uint64_t offset, std::span<const BlockEntry> table,
                                  std::span<const DictionaryPointer> dictionaries);

struct ArchiveFooter {
    std::uint64_t frames_end = 0;
    std::span<const BlockEntry> table;                                     ///< in the given bytes
    std::vector<std::pair<std::uint32_t, std::string_view>> dictionaries;  ///< id and bytes, in the given bytes
};
/// Error: corrupt.
Result<ArchiveFooter> read_archive_footer(std::string_view bytes, const std::string& path);

/// Table and dictionary ids of a file that still grows, kept beside it so that a start does not walk its frames.
struct OpenTable {
    std::uint64_t frames_end = 0;
    std::vector<BlockEntry> table;
    std::vector<std::uint32_t> dictionary_ids;
    bool dictionaries_known = true;  ///< false when the table was made from frames
};
std::string encode_open_table(const OpenTable& table);
Result<OpenTable> read_open_table(std::string_view bytes, const std::string& path);
std::string open_table_path(const std::string& archive_path);

/// The table made from the frames themselves; damaged ones are stepped over and reported.
OpenTable walk_frames(std::string_view bytes, std::uint64_t frames_end, const std::string& path,
                      std::vector<Finding>& findings);

/// A mapped archive file at one length. Immutable; shared with readers, whose blocks keep the mapping.
class ArchiveFile {
public:
    /// Opens what `info` describes below `folder`. Damage to the table is repaired from the frames and reported in
    /// `findings`. Errors: not_found; corrupt when the header is damaged or the file is too short for its header;
    /// unavailable. Blocks.
    static Result<std::shared_ptr<const ArchiveFile>> open(Disk& disk, const std::string& folder, ArchiveFileInfo info,
                                                           std::vector<Finding>& findings);

    /// Of a file that has just grown to `info`, whose table is known.
    static Result<std::shared_ptr<const ArchiveFile>> open_grown(Disk& disk, const std::string& folder,
                                                                 ArchiveFileInfo info, OpenTable table);

    const ArchiveFileInfo& info() const { return info_; }
    std::span<const BlockEntry> table() const { return table_; }
    const std::vector<std::uint32_t>& dictionary_ids() const { return dictionary_ids_; }
    bool dictionaries_known() const { return dictionaries_known_; }
    std::uint64_t frames_end() const { return frames_end_; }
    std::string_view bytes() const { return map_->bytes(); }
    void will_need(const BlockEntry& entry) const { map_->will_need(entry.block_offset(), entry.block_bytes); }

    /// The block's bytes, whose `owner` keeps the mapping; not checked.
    StoredBlock block(const BlockEntry& entry) const;

    /// The whole frame, checked. Error: corrupt.
    struct Frame {
        FrameHeader header;
        std::string_view bytes;
    };
    Result<Frame> frame(const BlockEntry& entry) const;

private:
    ArchiveFile() = default;

    ArchiveFileInfo info_;
    std::shared_ptr<const MappedFile> map_;
    std::vector<BlockEntry> own_table_;  // when table_ does not point into the mapping
    std::span<const BlockEntry> table_;
    std::vector<std::uint32_t> dictionary_ids_;
    bool dictionaries_known_ = true;
    std::uint64_t frames_end_ = 0;
};

using ArchiveFilePointer = std::shared_ptr<const ArchiveFile>;

}  // namespace cairn::journal
