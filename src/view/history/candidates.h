#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "view/history/history.h"
#include "view/history/sweep.h"
#include "view/history/text_filter.h"
#include "view/history/walk.h"

namespace cairn::history {

/// The events in question for one search, in order. With terms that an index answers, an index is walked; when only the
/// text of the records can tell, they are swept a window at a time, and what is no match is sorted out before it is put
/// in order.
class Candidates {
public:
    struct Parts {
        const Snapshot& snapshot;
        const std::vector<char>& admitted;
        const WalkRange& range;
        const std::vector<WalkTerm>& terms;
        const match::Query& query;
        Records& records;
        Helpers& helpers;
        const HistoryOptions& options;
        std::size_t wanted;  ///< about so many are asked for
    };
    explicit Candidates(const Parts& parts);

    enum class Next { found, end, budget };

    /// The next candidate, looking at records until scanned() reaches `scan_to` or the bound. After `budget` the search
    /// can go on behind last().
    Next next(Candidate& candidate, std::uint64_t scan_to);

    /// Some more of the events that the index names and the log still holds, by their numbers, without reading them: in
    /// batches, in no order of history. Costs little of the budget.
    Next next_stored(std::vector<std::uint64_t>& numbers);

    /// The text of a candidate's record, as RecentBlocks::read().
    Result<std::string_view> text_of(const Candidate& candidate);

    std::uint64_t scanned() const { return scanned_; }

    /// Of the records of those: where a text filter looked at them, by the mean of each block.
    std::uint64_t scanned_bytes() const { return scanned_bytes_; }

    /// The last event that was looked at.
    Candidate last();

    /// Lets next() look at one more event.
    void extend_budget() { scanned_max_ = scanned_ + 1; }

private:
    Next walk_on(Candidate& candidate, std::uint64_t scan_to);
    Next sweep_on(Candidate& candidate, std::uint64_t scan_to);
    bool look_ahead();
    bool waits_for_pages();
    bool fill(std::uint64_t rows_max);
    bool may_match(const Candidate& candidate);
    void keep_stored(std::vector<std::uint64_t>& numbers);

    Records& records_;
    Helpers& helpers_;
    std::uint64_t scanned_max_;
    std::uint64_t scanned_ = 0, scanned_bytes_ = 0, walked_ = 0;
    TextFilter filter_;
    RecentBlocks blocks_;
    std::optional<Walk> walk_;
    std::optional<Sweep> sweep_;
    Candidate walked_to_;
    const HistoryOptions& options_;
    const std::size_t wanted_;
    std::vector<Candidate> ahead_;  // walked to, but not looked at
    std::size_t ahead_at_ = 0;
    std::vector<std::uint64_t> expected_;
    std::uint64_t pages_waited_for_ = 0;
    unsigned looks_ = 0;
    std::vector<FileRow> window_, hits_;  // what was swept last, and what may match of it
    std::size_t hit_ = 0;
    std::size_t window_rows_;
};

}  // namespace cairn::history
