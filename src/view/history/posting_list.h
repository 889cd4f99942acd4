#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "view/history/file_writer.h"
#include "view/history/index_file.h"

namespace cairn::history {

/// "No row": larger than any.
inline constexpr std::uint32_t no_row = 0xffffffff;

/// Writes the row lists of an index file, one after the other, into its open `lists` section.
class ListWriter {
public:
    explicit ListWriter(FileWriter& file) : file_(file) {}

    /// Rows must grow within a list.
    void add(std::uint32_t row) {
        if (used_ == group_rows) flush_group();
        rows_[used_++] = row;
    }

    bool empty() const { return used_ == 0 && skips_.empty(); }

    /// Ends the list, which must not be empty; returns the reference by which a key names it.
    /// Error: invalid, when the section is full.
    Result<std::uint32_t> finish();

private:
    void flush_group();
    void append_gaps();

    FileWriter& file_;
    std::array<std::uint32_t, group_rows> rows_;
    std::uint32_t used_ = 0;
    std::string bytes_, skips_;
    std::uint32_t groups_ = 0;
    std::uint64_t list_begin_ = 0;
};

/// Reads one list in either direction.
class ListCursor {
public:
    ListCursor(const IndexFile& file, std::uint32_t reference);

    /// Entries in the whole list, over all scopes.
    std::uint32_t count() const { return count_; }

    /// The first entry >= `row`, or no_row.
    std::uint32_t at_or_after(std::uint32_t row);

    /// The last entry <= `row`, or no_row.
    std::uint32_t at_or_before(std::uint32_t row);

    /// All entries of one group, in order; group numbers go from 0 to groups() - 1.
    std::uint32_t groups() const { return (count_ + group_rows - 1) / group_rows; }
    const std::uint32_t* load_group(std::uint32_t group, std::uint32_t& count);

private:
    std::uint32_t first_of(std::uint32_t group) const;
    std::uint32_t last_group_from(std::uint32_t row) const;
    void load(std::uint32_t group);
    void read_gaps(std::uint64_t offset, std::uint32_t first, std::uint32_t count);
    std::uint32_t loaded_end() const { return rows_[loaded_count_ - 1]; }

    const IndexFile* file_;
    std::uint32_t count_ = 0;
    std::uint64_t header_ = 0;  // where the list's header begins
    std::uint64_t skips_ = 0;   // where its skip table begins
    std::uint32_t loaded_ = no_row;
    std::uint32_t loaded_count_ = 0;
    std::uint32_t near_ = 0;  // where the last search ended within the loaded group
    std::array<std::uint32_t, group_rows> rows_;
};

}  // namespace cairn::history
