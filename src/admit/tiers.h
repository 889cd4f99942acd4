#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "admit/content.h"
#include "admit/filter.h"
#include "admit/memtable.h"
#include "admit/run.h"

namespace cairn::admit {

/// What one filter stands for: runs of one level that follow each other, and on level 1 the tables not yet written. All
/// ranges are fixed by the event number: a table holds `table_entries` numbers, a run of level L + 1 the range of
/// `fan_out` runs of level L, and every range begins at a multiple of its length.
struct Segment {
    unsigned level = 1;
    std::uint64_t first = 0, end = 0;               ///< the numbers it may hold
    std::shared_ptr<Filter> filter;                 ///< null: every hash has to be looked for
    std::vector<std::shared_ptr<const Run>> runs;   ///< in log order
    std::vector<std::shared_ptr<Memtable>> tables;  ///< in log order; only the last of all still grows
};

/// Everything the index knows, at one moment. Copied to be changed.
struct Tiers {
    std::vector<std::shared_ptr<const Segment>> segments;      ///< in log order
    std::vector<std::shared_ptr<const ContentFile>> contents;  ///< in log order
    std::uint64_t covered = 0;                                 ///< events below are in runs

    std::shared_ptr<Memtable> oldest_table() const {
        for (const auto& segment : segments)
            if (!segment->tables.empty()) return segment->tables.front();
        return nullptr;
    }
};

/// The content hashes from `number` on, as far as they lie side by side. Empty when not known.
std::span<const Hash128> contents_from(const Tiers& tiers, std::uint64_t number);

/// The file that holds the content hash of `number`, or null.
const ContentFile* content_file_of(const Tiers& tiers, std::uint64_t number);

}  // namespace cairn::admit
