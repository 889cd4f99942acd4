#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "view/history/head.h"
#include "view/history/index_file.h"
#include "view/history/order.h"
#include "view/history/records.h"

namespace cairn::history {

/// What a search reads: files and heads that together hold every event below end_number once.
struct Snapshot {
    std::vector<std::shared_ptr<const IndexFile>> files;  ///< by their numbers
    std::vector<std::shared_ptr<const Head>> heads;       ///< behind them
};

/// Which events a walk gives, and in which order.
struct WalkRange {
    std::int64_t min_time_ms = 0;  ///< both inclusive
    std::int64_t max_time_ms = 0;
    std::uint64_t number_from = 0;   ///< events numbered below are gone
    std::uint64_t number_bound = 0;  ///< events numbered from here on are left out
    std::optional<Position> after;   ///< only what comes behind it, in the order of the walk
    bool oldest_first = false;
};

/// The range, its times narrowed by where the walk goes on.
WalkRange narrowed(WalkRange range);

/// False when nothing in a file can be within the range.
bool may_hold(const IndexFile& file, const WalkRange& range);

/// How a row stands to a position in the order of history. Asks the record only where times and codes are equal.
std::strong_ordering against(const FileRow& row, const Position& position, Records& records);

/// Posting hashes of which an event must have one.
struct WalkTerm {
    bool event_id = false;  ///< they are id hashes
    std::vector<std::uint64_t> any_of;
};

struct Candidate {
    std::int64_t time_ms = 0;
    std::uint64_t number = 0;
};

/// A source of candidates in order, standing at one of them.
class WalkCursor {
public:
    virtual ~WalkCursor() = default;

    /// Goes to the next row, or the first. False at the end.
    virtual bool step() = 0;

    /// A hint that so many rows are soon asked for.
    virtual void expect(std::size_t count) { static_cast<void>(count); }

    FileRow row;
    std::optional<std::string> order_id;  ///< of the row, once somebody asked
};

/// Goes through all events of a snapshot that are within a range and the admitted scopes and have every term, in the
/// order of history. A hash is no proof: the caller checks the records. One thread.
class Walk {
public:
    /// `admitted` is indexed by scope number; scopes behind its end are not admitted. Everything outlives the walk.
    Walk(const Snapshot& snapshot, const std::vector<char>& admitted, const WalkRange& range,
         std::vector<WalkTerm> terms, Records& records);
    ~Walk();

    std::optional<Candidate> next();

    /// A hint that so many are soon asked for: what the next ones need is fetched at one time.
    void expect(std::size_t count);

    /// The same events in whatever order is cheap. Not to be mixed with next().
    std::optional<Candidate> next_in_any_order();

private:
    struct FileTerms;
    struct Entry {
        std::int64_t time_ms;
        std::int32_t code;    // of a row; -1: not opened, the time is a bound
        std::uint32_t index;  // in cursors_, or in unopened_
    };
    struct Unopened {
        std::uint32_t file;
        std::uint32_t scope;
    };

    void add_file(std::uint32_t file);
    void add_head(const Head& head);
    void find_ids(const WalkTerm& term);
    bool comes_first(const Entry& one, const Entry& other);
    void push(Entry entry);
    Entry pop();
    WalkCursor* open(const Unopened& unopened);
    void push_cursor(std::uint32_t index);
    FileTerms& terms_in(std::uint32_t file);
    void mark_scopes(const IndexFile& file, FileTerms& terms) const;

    const Snapshot& snapshot_;
    const std::vector<char>& admitted_;
    const WalkRange range_;
    const std::vector<WalkTerm> terms_;
    Records& records_;
    std::vector<Entry> heap_;
    std::vector<Unopened> unopened_;
    std::vector<std::unique_ptr<FileTerms>> file_terms_;
    std::vector<std::unique_ptr<WalkCursor>> cursors_;
    WalkCursor* current_ = nullptr;  ///< of next_in_any_order()
    bool by_id_ = false;
    std::vector<Candidate> found_;  // with by_id_
    std::size_t found_at_ = 0;
};

}  // namespace cairn::history
