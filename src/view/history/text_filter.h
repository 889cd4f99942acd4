#pragma once

#include <cstdint>
#include <vector>

#include "match/query.h"
#include "view/history/records.h"

namespace cairn::history {

/// Sorts out events whose record cannot hold what a text search wants, a sub-block at a time. One thread.
class TextFilter {
public:
    explicit TextFilter(std::vector<match::Query::Needle> needles);

    bool active() const { return !needles_.empty(); }

    /// False is sure. Leaves the answer for the neighbours in the sub-block in `entry`.
    Result<bool> may_match(RecentBlocks::Entry& entry, std::uint64_t number);

private:
    Result<bool> ask(const OpenBlock& block, std::uint32_t sub_block);

    std::vector<match::Query::Needle> needles_;  // those that ignore case in lower case
    bool any_ignores_case_ = false;
    BlockReader::Records decoded_;
};

}  // namespace cairn::history
