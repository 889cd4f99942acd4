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
#include "seam/disk.h"
#include "view/history/bits.h"
#include "view/history/file_writer.h"
#include "view/history/scope_registry.h"

namespace cairn::history {

/// The rows [first_row, first_row + rows) of a file belong to one scope, newest first.
struct FileScope {
    std::uint32_t id = 0;  ///< in the ScopeRegistry
    std::uint32_t first_row = 0;
    std::uint32_t rows = 0;
    std::int64_t min_time_ms = 0;
    std::int64_t max_time_ms = 0;
};

struct FileRow {
    std::int64_t time_ms = 0;
    std::uint64_t number = 0;
    std::uint16_t code = 0;  ///< id_code() of the eventID
};

/// An index file, mapped. Every page is checked against its checksum when it is first touched. A page that fails, or a
/// reference that leads nowhere, marks the file damaged and reads as zeros: whoever used the file asks damaged() before
/// trusting what was read. Thread-safe.
class IndexFile {
public:
    /// Errors: those of the disk; corrupt; unavailable for a newer version; not_found when it indexes other attributes.
    static Result<std::shared_ptr<const IndexFile>> open(Disk& disk, const std::string& path, ScopeRegistry& registry);
    static Result<std::shared_ptr<const IndexFile>> open(std::shared_ptr<const MappedFile> mapped,
                                                         ScopeRegistry& registry);

    std::uint64_t first_number() const { return header_.first_number; }
    std::uint64_t end_number() const { return header_.end_number; }
    std::uint32_t rows() const { return header_.rows; }
    std::uint32_t keys() const { return header_.keys; }
    const FileHeader& header() const { return header_; }

    /// Ordered by row, which is the order of their ScopeKeys.
    const std::vector<FileScope>& scopes() const { return scopes_; }

    FileRow row(std::uint32_t row) const;

    /// Rows [group * group_rows, ...) into `out`; returns how many.
    std::uint32_t read_group(std::uint32_t group, FileRow* out) const;

    /// The rows whose id hash agrees in its upper 40 bits.
    std::vector<std::uint32_t> rows_of_id(std::uint64_t id_hash) const;

    /// Id hashes (40 bits) and their rows, in bucket order: appends those of one bucket.
    struct IdRow {
        std::uint64_t hash = 0;
        std::uint32_t row = 0;
    };
    std::uint32_t id_buckets() const { return 1u << header_.id_bucket_bits; }
    void read_bucket(std::uint32_t bucket, std::vector<IdRow>& out) const;

    /// Hints that rows, or the rows of an id, are soon read: what was never touched is fetched meanwhile, first what
    /// says where they lie. Ask for all that is needed before reading any of it.
    void expect_rows(std::span<const std::uint32_t> rows) const;
    void expect_id_bucket(std::uint64_t id_hash) const;
    void expect_ids(std::uint64_t id_hash) const;  ///< after expect_id_bucket()

    /// Hints that all of it is soon read.
    void expect_all() const { mapped_->will_need(0, file_.size()); }

    /// A posting hash and its list, in hash order. `reference` is for ListCursor.
    struct Key {
        std::uint64_t hash = 0;
        std::uint32_t reference = 0;
    };
    Key key(std::uint32_t index) const;
    std::optional<Key> find_key(std::uint64_t hash) const;

    /// `size` bytes of a section from `offset`; zeros when damaged. `size` is at most 64 KiB.
    const char* bytes(Section section, std::uint64_t offset, std::size_t size) const;

    bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
    void set_damaged() const { damaged_.store(true, std::memory_order_relaxed); }

    /// Checks every page. Reads the whole file. False when it is damaged.
    bool check_all() const;

private:
    IndexFile() = default;
    Result<void> read_scopes(ScopeRegistry& registry);
    bool check_page(std::uint64_t page) const;
    bool was_checked(std::uint64_t page) const {
        return checked_[page / 64].load(std::memory_order_relaxed) >> (page % 64) & 1;
    }
    void expect(Section section, std::uint64_t offset, std::size_t size) const;
    std::uint32_t bucket_of(std::uint64_t id_hash) const {
        return static_cast<std::uint32_t>(id_hash >> (64 - id_hash_bits) >> (id_hash_bits - header_.id_bucket_bits));
    }

    unsigned row_bits() const { return bits_for(header_.rows); }

    std::shared_ptr<const MappedFile> mapped_;
    std::string_view file_;
    FileHeader header_;
    std::vector<FileScope> scopes_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> checked_;  // one bit per page
    mutable std::atomic<bool> damaged_ = false;
};

}  // namespace cairn::history
