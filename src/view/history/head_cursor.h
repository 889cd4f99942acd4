#pragma once

#include <vector>

#include "view/history/walk.h"

namespace cairn::history {

/// The rows of a head within the admitted scopes that have every term. Chains are in the order of arrival: rows are
/// selected in batches, each the next few in the order of history.
class HeadCursor : public WalkCursor {
public:
    HeadCursor(const Head& head, const std::vector<char>& admitted, const std::vector<WalkTerm>& terms,
               const WalkRange& range, Records& records);
    bool step() override;

private:
    struct Item {
        std::int64_t time_ms;
        std::uint64_t prefix;
        std::uint32_t row;
    };
    /// The first `wanted` rows behind a point, among those it is shown.
    struct Selection;

    void choose_chains(const std::vector<char>& admitted);
    void refill();
    void walk_chain(const Head::Key& chain, Selection& selection);
    bool may_follow(const Head::Row& row) const;
    bool has_terms(const Head::Row& row) const;
    bool comes_first(const Item& one, const Item& other) const;
    void order_ties();

    const Head& head_;
    const std::uint32_t visible_;
    const std::vector<WalkTerm>& terms_;
    const WalkRange& range_;
    Records& records_;
    std::vector<const Head::Key*> chains_;
    std::size_t walked_term_ = 0;
    std::vector<Item> batch_;
    std::size_t at_ = 0;
    std::size_t batch_rows_ = 64;
    bool more_ = true;
    bool started_ = false;
    Item last_{};  // of the batch before: everything with its time and prefix was in it
};

}  // namespace cairn::history
