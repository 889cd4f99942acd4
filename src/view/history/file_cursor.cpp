#include "view/history/file_cursor.h"

#include <algorithm>

namespace cairn::history {

std::uint32_t FileCursor::Term::at_or_after(std::uint32_t row) {
    auto first = no_row;
    for (auto& list : lists) first = std::min(first, list.at_or_after(row));
    return first;
}

std::uint32_t FileCursor::Term::at_or_before(std::uint32_t row) {
    auto last = no_row;
    for (auto& list : lists) {
        const auto found = list.at_or_before(row);
        if (found != no_row && (last == no_row || found > last)) last = found;
    }
    return last;
}

FileCursor::FileCursor(const IndexFile& file, const FileScope& scope, const std::vector<TermLists>& terms,
                       const WalkRange& range, Records& records)
    : file_(file),
      scope_(scope),
      range_(range),
      records_(records),
      begin_(scope.first_row),
      end_(scope.first_row + scope.rows) {
    const bool after_here =
        range.after && range.after->time_ms >= scope.min_time_ms && range.after->time_ms <= scope.max_time_ms;
    if (scope.max_time_ms > range.max_time_ms || (after_here && !range.oldest_first))
        begin_ = first_not([&](std::uint32_t row) { return too_new(row); });
    if (scope.min_time_ms < range.min_time_ms || (after_here && range.oldest_first))
        end_ = std::max(begin_, first_not([&](std::uint32_t row) { return !too_old(row); }));
    terms_.reserve(terms.size());
    for (const auto& term : terms) {
        terms_.emplace_back();
        terms_.back().lists.reserve(term.references.size());
        for (const auto reference : term.references) terms_.back().lists.emplace_back(file, reference);
    }
}

/// The first row of the scope that does not satisfy `predicate`, which holds for a front part of them.
template <class Predicate>
std::uint32_t FileCursor::first_not(Predicate&& predicate) const {
    auto low = scope_.first_row, high = scope_.first_row + scope_.rows;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (predicate(middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool FileCursor::too_new(std::uint32_t index) {
    const auto row = file_.row(index);
    if (row.time_ms != range_.max_time_ms || !range_.after || range_.oldest_first)
        return row.time_ms > range_.max_time_ms;
    return against(row, *range_.after, records_) >= 0;
}

bool FileCursor::too_old(std::uint32_t index) {
    const auto row = file_.row(index);
    if (row.time_ms != range_.min_time_ms || !range_.after || !range_.oldest_first)
        return row.time_ms < range_.min_time_ms;
    return against(row, *range_.after, records_) <= 0;
}

std::uint32_t FileCursor::next_forward(std::uint32_t from) {
    if (terms_.empty()) return from;
    for (;;) {
        const auto row = terms_.front().at_or_after(from);
        if (row == no_row) return no_row;
        from = row;
        for (std::size_t i = 1; i < terms_.size() && from == row; ++i) {
            from = terms_[i].at_or_after(row);
            if (from == no_row) return no_row;
        }
        if (from == row) return row;
    }
}

std::uint32_t FileCursor::next_backward(std::uint32_t from) {
    if (terms_.empty()) return from;
    for (;;) {
        const auto row = terms_.front().at_or_before(from);
        if (row == no_row) return no_row;
        from = row;
        for (std::size_t i = 1; i < terms_.size() && from == row; ++i) {
            from = terms_[i].at_or_before(row);
            if (from == no_row) return no_row;
        }
        if (from == row) return row;
    }
}

void FileCursor::expect(std::size_t count) {
    const auto before = terms_;  // lists remember where they were asked last
    std::vector<std::uint32_t> rows;
    for (auto begin = begin_, end = end_; rows.size() < count && begin < end;) {
        const auto index = range_.oldest_first ? next_backward(end - 1) : next_forward(begin);
        if (index == no_row || index < begin || index >= end) break;
        rows.push_back(index);
        (range_.oldest_first ? end : begin) = range_.oldest_first ? index : index + 1;
    }
    terms_ = before;
    file_.expect_rows(rows);
}

bool FileCursor::step() {
    order_id.reset();
    while (begin_ < end_) {
        const auto index = range_.oldest_first ? next_backward(end_ - 1) : next_forward(begin_);
        if (index == no_row || index < begin_ || index >= end_) break;
        if (range_.oldest_first)
            end_ = index;
        else
            begin_ = index + 1;
        row = file_.row(index);
        if (file_.damaged()) break;
        if (row.number < range_.number_bound && row.number >= range_.number_from) return true;
    }
    begin_ = end_;
    return false;
}

}  // namespace cairn::history
