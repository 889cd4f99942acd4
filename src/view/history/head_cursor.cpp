#include "view/history/head_cursor.h"

#include <algorithm>

namespace cairn::history {

struct HeadCursor::Selection {
    std::vector<Item>& items;
    const std::size_t wanted;
    std::size_t shrink_at;
    bool full = false;  // something was left out
    Item worst{};       // then: nothing behind this belongs to the selection
};

HeadCursor::HeadCursor(const Head& head, const std::vector<char>& admitted, const std::vector<WalkTerm>& terms,
                       const WalkRange& range, Records& records)
    : head_(head), visible_(head.rows()), terms_(terms), range_(range), records_(records) {
    choose_chains(admitted);
}

void HeadCursor::choose_chains(const std::vector<char>& admitted) {
    const auto chains_of = [&](const std::vector<std::uint64_t>& hashes, std::vector<const Head::Key*>& chains) {
        std::uint64_t count = 0;
        for (std::uint32_t scope = 0; scope < admitted.size(); ++scope) {
            if (!admitted[scope]) continue;
            for (const auto hash : hashes) {
                if (const auto* chain = head_.find(scope, hash)) {
                    chains.push_back(chain);
                    count += chain->count.load(std::memory_order_relaxed);
                }
            }
        }
        return count;
    };
    if (terms_.empty()) {
        chains_of({Head::scope_chain}, chains_);
        return;
    }
    auto fewest = ~std::uint64_t{0};
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        std::vector<const Head::Key*> chains;
        const auto count = chains_of(terms_[i].any_of, chains);
        if (count >= fewest) continue;
        fewest = count;
        walked_term_ = i;
        chains_ = std::move(chains);
    }
}

bool HeadCursor::comes_first(const Item& one, const Item& other) const {
    if (one.time_ms != other.time_ms) return (one.time_ms > other.time_ms) != range_.oldest_first;
    return one.prefix != other.prefix && (one.prefix > other.prefix) != range_.oldest_first;
}

bool HeadCursor::may_follow(const Head::Row& row) const {
    if (row.number >= range_.number_bound || row.number < range_.number_from) return false;
    if (row.time_ms < range_.min_time_ms || row.time_ms > range_.max_time_ms) return false;
    if (started_) return comes_first(last_, {row.time_ms, row.id_prefix, 0});
    if (!range_.after || row.time_ms != range_.after->time_ms) return true;
    const auto& position = *range_.after;
    auto order = row.id_prefix <=> id_prefix(position.event_id);
    if (order == 0) order = records_.order_id_of(row.number) <=> position.event_id;
    if (order == 0) order = row.number <=> position.number;
    return range_.oldest_first ? order > 0 : order < 0;
}

bool HeadCursor::has_terms(const Head::Row& row) const {
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        if (i == walked_term_) continue;
        bool has = false;
        for (auto node = row.nodes_begin; node < row.nodes_end && !has; ++node)
            has = std::ranges::find(terms_[i].any_of, head_.key(head_.node(node).key).hash) != terms_[i].any_of.end();
        if (!has) return false;
    }
    return true;
}

void HeadCursor::walk_chain(const Head::Key& chain, Selection& selection) {
    auto& items = selection.items;
    const auto first = [&](const Item& one, const Item& other) { return comes_first(one, other); };
    for (auto next = chain.newest.load(std::memory_order_acquire); next != Head::none;) {
        const auto& node = head_.node(next);
        if (node.max_time_ms < range_.min_time_ms) return;
        if (!range_.oldest_first && selection.full && node.max_time_ms < selection.worst.time_ms) return;
        next = node.previous;
        if (node.row >= visible_) continue;
        const auto& row = head_.row(node.row);
        const Item item{row.time_ms, row.id_prefix, node.row};
        if (selection.full && comes_first(selection.worst, item)) continue;
        if (!may_follow(row) || !has_terms(row)) continue;
        items.push_back(item);
        if (items.size() < selection.shrink_at) continue;
        const auto last = items.begin() + static_cast<std::ptrdiff_t>(selection.wanted) - 1;
        std::ranges::nth_element(items, last, first);
        selection.worst = *last;
        selection.full = true;
        std::erase_if(items, [&](const Item& each) { return comes_first(selection.worst, each); });
        selection.shrink_at = 2 * items.size() + 64;  // many may be equal to the last
    }
}

void HeadCursor::refill() {
    batch_.clear();
    at_ = 0;
    Selection selection{.items = batch_, .wanted = batch_rows_, .shrink_at = 2 * batch_rows_ + 64};
    for (const auto* chain : chains_) walk_chain(*chain, selection);
    batch_rows_ *= 4;
    more_ = selection.full;
    std::ranges::sort(batch_, [&](const Item& one, const Item& other) {
        return comes_first(one, other) || (!comes_first(other, one) && one.row < other.row);
    });
    const auto same = std::ranges::unique(batch_, {}, &Item::row);  // a row may be in the chains of two values
    batch_.erase(same.begin(), same.end());
    order_ties();
    if (batch_.empty()) return;
    last_ = batch_.back();
    started_ = true;
}

void HeadCursor::order_ties() {
    for (std::size_t begin = 0; begin < batch_.size();) {
        auto end = begin + 1;
        while (end < batch_.size() && !comes_first(batch_[begin], batch_[end])) ++end;
        if (end - begin > 1) {
            std::vector<std::pair<std::string, std::uint32_t>> ids;
            for (auto i = begin; i < end; ++i)
                ids.emplace_back(records_.order_id_of(head_.row(batch_[i].row).number), batch_[i].row);
            std::ranges::sort(ids);
            if (!range_.oldest_first) std::ranges::reverse(ids);
            for (auto i = begin; i < end; ++i) batch_[i].row = ids[i - begin].second;
        }
        begin = end;
    }
}

bool HeadCursor::step() {
    order_id.reset();
    if (at_ == batch_.size()) {
        if (!more_) return false;
        refill();
        if (batch_.empty()) {
            more_ = false;
            return false;
        }
    }
    const auto& from = head_.row(batch_[at_++].row);
    row = {from.time_ms, from.number, id_code(from.id_prefix)};
    return true;
}

}  // namespace cairn::history
