#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::history {

/// Format of index files: docs/format/history_index.md.
inline constexpr std::uint32_t file_version = 1;
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::uint32_t group_rows = 128;
inline constexpr std::uint32_t rows_max = 1u << 30;
inline constexpr unsigned id_hash_bits = 40;

enum class Section : std::uint8_t { directory, rows, ids, id_buckets, lists, keys, scopes, page_sums };
inline constexpr std::size_t section_count = 8;

/// What the first page of an index file says.
struct FileHeader {
    struct Extent {
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };

    std::uint64_t file_bytes = 0;
    std::uint64_t first_number = 0;  ///< the file answers for events [first_number, end_number)
    std::uint64_t end_number = 0;
    std::int64_t min_time_ms = 0;
    std::int64_t max_time_ms = 0;
    std::uint32_t rows = 0;
    std::uint32_t keys = 0;
    std::uint32_t scopes = 0;
    std::uint32_t id_bucket_bits = 0;
    std::uint32_t page_sums_sum = 0;
    std::array<Extent, section_count> sections;

    const Extent& operator[](Section section) const { return sections[static_cast<std::size_t>(section)]; }
    Extent& operator[](Section section) { return sections[static_cast<std::size_t>(section)]; }
};

/// The first page, with its checksum and the names of the attributes that are indexed.
std::string encode_header(const FileHeader& header);

/// Errors: corrupt; unavailable, when the version is newer than this program; not_found when other attributes are
/// indexed.
Result<FileHeader> decode_header(std::string_view page);

/// Writes an index file front to back, a section after the other, and its page checksums. The file appears under its
/// name only when it is whole and durable.
class FileWriter {
public:
    static Result<FileWriter> create(Disk& disk, std::string path);

    FileWriter(FileWriter&&) noexcept = default;
    ~FileWriter();

    /// Sections may come in any order; each starts at a multiple of 8.
    void begin(Section section);
    void append(std::string_view bytes);
    void end();

    /// Bytes of the open section so far.
    std::uint64_t section_bytes() const { return position_ - header_[section_].offset; }

    /// What the sections do not say; sections, file_bytes and page_sums_sum are filled in by finish().
    FileHeader& header() { return header_; }

    /// Writes checksums and header, makes the file durable and gives it its name. Blocks. Errors of the disk, also of
    /// earlier calls.
    Result<void> finish();

private:
    FileWriter(Disk& disk, std::string path, std::unique_ptr<File> file);
    void pad_to(std::size_t multiple);
    void flush();

    Disk* disk_;
    std::string path_;
    std::unique_ptr<File> file_;
    FileHeader header_;
    Section section_ = Section::directory;
    std::string buffer_;  // not yet written, starts at a page
    std::uint64_t position_ = page_bytes;
    std::vector<std::uint32_t> sums_;
    Result<void> failed_;  // the first error
};

}  // namespace cairn::history
