#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::admit {

/// Every file of the seen index is a row of pages of 4 KiB, the last 4 bytes of each a CRC32C that depends on the file
/// and the page's place. A page is checked when it is touched for the first time, so that opening reads next to nothing
/// and no damaged byte is ever used. Page 0 is the header. See docs/format/seen.md.
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t page_payload = page_bytes - 4;

inline constexpr std::uint32_t format_version = 1;

enum class FileKind : std::uint32_t { run = 1, filter = 2, content = 3 };

/// What page 0 of every file begins with; `fields` belong to the kind.
struct PageHeader {
    FileKind kind = FileKind::run;
    std::uint64_t file_id = 0;
    std::uint64_t page_count = 0;  ///< with the header
    std::uint64_t fields[6] = {};
};

/// Writes the checksum into the last 4 bytes of `page` (page_bytes long).
void seal_page(char* page, std::uint64_t file_id, std::uint64_t page_number);
bool page_is_whole(const char* page, std::uint64_t file_id, std::uint64_t page_number);

/// Page 0, sealed.
std::string encode_header(const PageHeader& header);

/// A mapped file of pages. Any number of threads may read it.
class PagedFile {
public:
    /// Errors: not_found; corrupt when the header is damaged, is that of another file, or the file is shorter than it
    /// says (not with `may_be_short`: then the pages behind the end count as damaged); invalid, written by a newer
    /// version.
    static Result<std::shared_ptr<const PagedFile>> open(Disk& disk, const std::string& path, FileKind kind,
                                                         std::uint64_t file_id, bool may_be_short = false);

    const PageHeader& header() const { return header_; }
    const std::string& path() const { return path_; }

    /// The address of a page that the header counts, unchecked and perhaps not in memory: for prefetching.
    const char* page(std::uint64_t number) const { return base_ + number * page_bytes; }

    /// Whether the page is there and undamaged. Reads all of it at the first call, one bit later.
    bool check(std::uint64_t number) const {
        const auto word = checked_[number >> 6].load(std::memory_order_acquire);
        return (word >> (number & 63) & 1) != 0 || check_first(number);
    }

    /// Whether check() ever failed.
    bool damaged() const { return damaged_.load(std::memory_order_relaxed); }

    /// Starts reading pages [first, first + count); a hint.
    void will_need(std::uint64_t first, std::uint64_t count) const;

private:
    bool check_first(std::uint64_t number) const;

    std::string path_;
    PageHeader header_;
    std::shared_ptr<const MappedFile> map_;
    const char* base_ = nullptr;
    std::uint64_t pages_there_ = 0;
    std::unique_ptr<std::atomic<std::uint64_t>[]> checked_;
    mutable std::atomic<bool> damaged_{false};
};

/// Writes pages one after the other, in large pieces.
class PageWriter {
public:
    PageWriter(std::unique_ptr<File> file, std::uint64_t file_id, std::uint64_t first_page);

    /// The page being filled: page_payload bytes, zero at first.
    char* current() { return buffer_.get() + used_; }

    /// Seals it and goes on with the next.
    Result<void> next();

    /// Writes what is left and goes on at `page`, after which flush() may be called again.
    Result<void> seek(std::uint64_t page);

    Result<void> flush();
    std::uint64_t page_number() const { return page_; }
    File& file() { return *file_; }

private:
    static constexpr std::size_t buffer_bytes = 64 * page_bytes;

    std::unique_ptr<File> file_;
    const std::uint64_t file_id_;
    std::uint64_t page_;
    std::uint64_t written_page_;
    std::size_t used_ = 0;
    std::unique_ptr<char[]> buffer_;
};

}  // namespace cairn::admit
