#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "event/packed_search.h"
#include "match/query.h"
#include "view/history/helpers.h"
#include "view/history/index_file.h"
#include "view/history/records.h"

namespace cairn::history {

/// Sorts out events whose record cannot hold what a text search wants, a sub-block at a time. One thread.
class TextFilter {
public:
    explicit TextFilter(const std::vector<match::Query::Needle>& needles);

    bool active() const { return !terms_.empty(); }

    /// False is sure. Leaves the answer for the neighbours in the sub-block in `block`.
    Result<bool> may_match(Block& block, std::uint64_t number) const;

    /// Removes the rows that cannot match. Goes through the blocks in their order, on the helpers too. Returns how many
    /// bytes the records had, by the mean of each block.
    std::uint64_t sift(std::vector<FileRow>& rows, Records& records, Helpers& helpers) const;

private:
    /// What one thread found.
    struct Part {
        std::vector<std::uint64_t> hits;
        std::uint64_t bytes = 0;
    };
    void scan(std::span<const std::uint64_t> numbers, Records& records, Part& part) const;
    std::size_t scan_block(const StoredBlock& stored, std::span<const std::uint64_t> numbers, Records& records,
                           Part& part) const;

    std::vector<PackedTerm> terms_;
};

}  // namespace cairn::history
