#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "match/query.h"
#include "view/history/records.h"

namespace cairn::history {

/// Sorts out events whose record cannot hold what a text search wants, a sub-block at a time. One thread.
class TextFilter {
public:
    TextFilter(std::vector<match::Query::Needle> needles, Records& records);

    bool active() const { return !needles_.empty(); }

    /// False is sure. Remembers the answer for the neighbours in the sub-block.
    Result<bool> may_match(const std::shared_ptr<const OpenBlock>& block, std::uint64_t number);

private:
    struct Verdicts {
        std::vector<signed char> of;  ///< per sub-block; -1: not asked yet
    };

    Result<bool> ask(const OpenBlock& block, std::uint32_t sub_block);

    std::vector<match::Query::Needle> needles_;
    Records& records_;
    std::unordered_map<std::uint64_t, Verdicts> verdicts_;  // by the first number of the block
    BlockReader::Records decoded_;
};

}  // namespace cairn::history
