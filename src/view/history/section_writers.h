#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event/index_row.h"
#include "view/history/file_writer.h"
#include "view/history/index_file.h"
#include "view/history/posting_list.h"

namespace cairn::history {

/// Writes the sections `rows`, `directory` and `scopes`: rows in their final order, scope by scope.
class RowWriter {
public:
    explicit RowWriter(FileWriter& file);

    void begin_scope(const ScopeKey& key);
    void add(const FileRow& row);
    void end_scope();
    void finish();

    std::uint32_t rows() const { return rows_; }

private:
    void flush_group();

    FileWriter& file_;
    std::vector<FileRow> group_;
    std::string bytes_, directory_, scopes_;
    ScopeKey scope_;
    std::uint32_t scope_rows_ = 0, rows_ = 0, scope_count_ = 0;
    std::int64_t scope_min_ = 0, scope_max_ = 0;
};

/// Writes the sections `ids` and `id_buckets`. Entries come in the order of their 40-bit hash, then row.
class IdWriter {
public:
    IdWriter(FileWriter& file, std::uint32_t rows);

    void add(std::uint64_t hash, std::uint32_t row);
    void finish();

private:
    void flush();

    FileWriter& file_;
    unsigned rest_bits_, row_bits_;
    std::vector<std::uint32_t> buckets_;
    std::string bytes_;
    BitWriter packed_;
    std::uint32_t count_ = 0;
};

/// Sorts the entries of an IdWriter: collects them by the first bits of the hash.
class IdSorter {
public:
    static constexpr unsigned part_bits = 8;

    void add(std::uint64_t hash, std::uint32_t row) {
        constexpr unsigned rest = id_hash_bits - part_bits;
        parts_[hash >> rest].push_back((hash & ((std::uint64_t{1} << rest) - 1)) << 32 | row);
    }
    void write(IdWriter& writer);

private:
    std::vector<std::vector<std::uint64_t>> parts_ = std::vector<std::vector<std::uint64_t>>(1u << part_bits);
};

/// Writes the sections `lists` and `keys`: hashes in growing order, each with its rows in growing order.
class KeyWriter {
public:
    explicit KeyWriter(FileWriter& file);

    void add_row(std::uint32_t row) { lists_.add(row); }

    /// Ends the list of `hash`; nothing is written for an empty one.
    void end_key(std::uint64_t hash);

    /// Error: invalid, as ListWriter::finish.
    Result<void> finish();

private:
    FileWriter& file_;
    ListWriter lists_;
    std::string keys_;
    std::uint32_t count_ = 0;
    Result<void> failed_;
};

}  // namespace cairn::history
