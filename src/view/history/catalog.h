#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"
#include "view/history/index_file.h"
#include "view/history/scope_registry.h"

namespace cairn::history {

/// Event numbers [first, end).
struct NumberRange {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    bool contains(const NumberRange& other) const { return first <= other.first && other.end <= end; }
    friend auto operator<=>(const NumberRange&, const NumberRange&) = default;
};

/// Index files are named by what they hold, so that the folder needs no list of its own: of two files, one of which
/// holds all of the other, the larger is the merged one and counts.
std::string file_name(const NumberRange& range);
std::optional<NumberRange> parse_file_name(std::string_view name);

using Files = std::vector<std::shared_ptr<const IndexFile>>;

inline NumberRange range_of(const IndexFile& file) { return {file.first_number(), file.end_number()}; }

/// Opens the files of `folder` that count, by their numbers, and removes all others: what was merged, half written,
/// damaged (named in the log), or speaks of events from `log_end` on. Blocks.
/// Errors: those of the disk; unavailable, when a file has a newer format.
Result<Files> open_files(Disk& disk, const std::string& folder, std::uint64_t log_end, ScopeRegistry& registry);

/// What [first, end) lacks between `files`.
std::vector<NumberRange> holes_between(const Files& files, std::uint64_t first, std::uint64_t end);

/// The files of one tier cover ranges of `width` numbers that begin at its multiples.
struct Tiers {
    std::vector<std::uint64_t>
        widths;  ///< of heads first, then of files after each merge; each a multiple of the one before

    static Tiers of(std::size_t head_events, const std::size_t (&file_events)[3]);
    std::uint64_t head_end(std::uint64_t number) const { return (number / widths.front() + 1) * widths.front(); }
};

/// The next files to be merged: all those within one range of a tier, once they fill it. Numbers below `alive_from`
/// need not be covered. Empty when there is nothing to do. The answer depends on what exists only, so that a rebuilt
/// folder ends up with the same files. Leaves alone what would become one of `except`.
Files plan_merge(const Files& files, const Tiers& tiers, std::uint64_t alive_from, const std::set<NumberRange>& except);

}  // namespace cairn::history
