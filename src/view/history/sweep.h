#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "view/history/walk.h"

namespace cairn::history {

/// Goes through all events of a snapshot that are within a range and the admitted scopes, a window of time after the
/// other: for searches that look at every record anyway, and so need an order among their few matches only. One thread.
class Sweep {
public:
    /// As Walk.
    Sweep(const Snapshot& snapshot, const std::vector<char>& admitted, const WalkRange& range, Records& records);

    /// The next rows, about `rows_wanted`, in no order: all that are left of some times, which come before all others.
    /// Empty at the end.
    std::vector<FileRow> next(std::size_t rows_wanted);

    /// Takes back rows of the last window, to be given again first.
    void put_back(std::vector<FileRow> rows) { kept_.insert(kept_.end(), rows.begin(), rows.end()); }

    /// Puts rows into the order of history. Reads records where times and eventID prefixes are equal.
    void order(std::vector<FileRow>& rows);

private:
    /// Rows of one scope of one file.
    struct Part {
        const IndexFile* file;
        const FileScope* scope;
        std::int64_t rank;                 ///< of the next row; a bound until it is opened
        std::uint32_t begin = 0, end = 0;  ///< what is left
        bool opened = false;
    };

    /// Times as this sweep meets them: the larger comes first.
    std::int64_t rank_of(std::int64_t time_ms) const { return range_.oldest_first ? ~time_ms : time_ms; }
    static bool later(const Part& one, const Part& other) { return one.rank < other.rank; }

    void add_file(const IndexFile& file);
    void add_head(const Head& head);
    void open(Part& part) const;
    void collect(std::int64_t rank_min, std::vector<FileRow>& rows);
    void take_part(Part& part, std::int64_t rank_min, std::vector<FileRow>& rows);
    void keep_surplus(std::size_t rows_wanted, std::vector<FileRow>& rows);
    bool belongs(const FileRow& row) const;
    std::int64_t first_rank() const;

    const std::vector<char>& admitted_;
    const WalkRange range_;
    Records& records_;
    std::vector<Part> parts_;         // a heap
    std::vector<FileRow> head_rows_;  // a heap
    std::vector<FileRow> kept_;       // collected, to be given before all others
    std::int64_t window_ms_ = 1000;
};

}  // namespace cairn::history
