#pragma once

#include <functional>

#include "view/history/candidates.h"
#include "view/history/helpers.h"
#include "view/history/history.h"
#include "view/history/scope_registry.h"
#include "view/history/token.h"
#include "view/history/walk.h"

namespace cairn::history {

/// Answers searches over one snapshot. Knows nothing of files coming and going: a caller that finds a file of the
/// snapshot damaged afterwards throws the answer away.
class Searcher {
public:
    Searcher(const Snapshot& snapshot, std::uint64_t number_bound, const ScopeRegistry& registry, Records& records,
             Helpers& helpers, const HistoryOptions& options)
        : snapshot_(snapshot),
          number_bound_(number_bound),
          registry_(registry),
          records_(records),
          helpers_(helpers),
          options_(options) {}

    Result<Page> page(const Search& search, PageReader& reader);
    Result<History::Values> values(const Search& search, std::string_view field, std::string_view prefix,
                                   std::size_t count_max);
    Result<History::Count> count(const Search& search, std::uint64_t at_most);

private:
    /// One match: the candidate, its text, and its fields when the query needed them. Holds until the next one.
    struct Match {
        Candidate candidate;
        std::string_view text;
        const EventView* event = nullptr;
    };
    using Next = Candidates::Next;

    /// The matches of one search, in order.
    class Matches;

    static std::uint64_t hash_of(const Search& search);
    Result<void> count_by_index(const Search& search, Attribute attribute, std::string_view field,
                                History::Values& values,
                                const std::function<Result<void>(const EventView&, std::uint64_t)>& add);

    const Snapshot& snapshot_;
    const std::uint64_t number_bound_;
    const ScopeRegistry& registry_;
    Records& records_;
    Helpers& helpers_;
    const HistoryOptions& options_;
};

}  // namespace cairn::history
