#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "admit/pages.h"

namespace cairn::admit {

/// Where the event with an identity hash stands. Of the hash only the top 52 bits survive a run.
struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t number = 0;
};

/// Numbers stored in an entry have 40 bits.
inline constexpr std::uint64_t number_limit = std::uint64_t{1} << 40;

/// A file of entries sorted by hash that cover a range of event numbers: [first, end). Immutable.
class Run {
public:
    static constexpr std::uint64_t entry_bytes = 10;
    static constexpr std::uint64_t entries_per_page = page_payload / entry_bytes;
    static constexpr std::uint64_t buckets_per_page = page_payload / 4;
    static constexpr unsigned prefix_bits = 12;  ///< of a hash, known from its bucket and not stored

    /// Errors as PagedFile::open.
    static Result<std::shared_ptr<const Run>> open(Disk& disk, const std::string& path, std::uint64_t file_id);

    std::uint64_t first() const { return first_; }
    std::uint64_t end() const { return end_; }
    std::uint64_t entry_count() const { return entry_count_; }
    std::uint64_t file_id() const { return file_->header().file_id; }
    const PagedFile& file() const { return *file_; }

    /// The hashes are divided evenly into 2^bucket_bits buckets.
    unsigned bucket_bits() const { return bucket_bits_; }

    /// Steps of a lookup, apart so that many can be under way. Each returns false when it met a damaged page.
    struct Place {
        std::uint32_t begin = 0, end = 0, guess = 0;
    };
    void prefetch_directory(std::uint64_t hash) const;
    bool find_bucket(std::uint64_t hash, Place& place) const;  ///< and prefetches the likely entry
    bool search(std::uint64_t hash, const Place& place, std::vector<std::uint64_t>& numbers) const;

    /// All three.
    bool find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const;

    /// Appends the entries whose hash begins with the `bits` bits of `window` (prefix_bits <= bits <= bucket_bits), in
    /// order.
    bool read_window(std::uint64_t window, unsigned bits, std::vector<Entry>& out) const;

private:
    const char* entry(std::uint64_t index) const {
        return file_->page(entries_page_ + index / entries_per_page) + index % entries_per_page * entry_bytes;
    }
    bool bucket_begin(std::uint64_t bucket, std::uint32_t& index) const;

    std::shared_ptr<const PagedFile> file_;
    std::uint64_t first_ = 0, end_ = 0, entry_count_ = 0;
    std::uint64_t entries_page_ = 0;
    unsigned bucket_bits_ = 0;
};

/// Writes a run from entries in order of their hash.
class RunWriter {
public:
    /// `entries_max` bounds the number of entries that will come.
    static Result<RunWriter> create(Disk& disk, const std::string& path, std::uint64_t file_id, std::uint64_t first,
                                    std::uint64_t end, std::uint64_t entries_max);

    Result<void> add(const Entry& entry);
    std::uint64_t entry_count() const { return entry_count_; }

    /// Completes the file and makes it durable. Blocks.
    Result<void> finish();

private:
    RunWriter(PageWriter pages, std::uint64_t file_id, std::uint64_t first, std::uint64_t end, unsigned bucket_bits);

    PageWriter pages_;
    std::uint64_t file_id_, first_, end_;
    unsigned bucket_bits_;
    std::uint64_t entry_count_ = 0;
    std::uint64_t in_page_ = 0;
    std::vector<std::uint32_t> counts_;
};

}  // namespace cairn::admit
