#include "view/history/sweep.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace cairn::history {

namespace {

constexpr std::int64_t window_ms_max = std::int64_t{1000} * 3600 * 24 * 366;

}  // namespace

Sweep::Sweep(const Snapshot& snapshot, const std::vector<char>& admitted, const WalkRange& range, Records& records)
    : admitted_(admitted), range_(narrowed(range)), records_(records) {
    if (range_.min_time_ms > range_.max_time_ms) return;
    for (const auto& file : snapshot.files) add_file(*file);
    for (const auto& head : snapshot.heads) add_head(*head);
    std::ranges::make_heap(parts_, later);
    std::ranges::make_heap(head_rows_, {}, [&](const FileRow& row) { return rank_of(row.time_ms); });
}

void Sweep::add_file(const IndexFile& file) {
    if (!may_hold(file, range_)) return;
    for (const auto& scope : file.scopes()) {
        if (scope.id >= admitted_.size() || !admitted_[scope.id]) continue;
        if (scope.max_time_ms < range_.min_time_ms || scope.min_time_ms > range_.max_time_ms) continue;
        const auto bound = range_.oldest_first ? std::max(scope.min_time_ms, range_.min_time_ms)
                                               : std::min(scope.max_time_ms, range_.max_time_ms);
        parts_.push_back({&file, &scope, rank_of(bound)});
    }
}

void Sweep::add_head(const Head& head) {
    const auto visible = head.rows();
    for (std::uint32_t i = 0; i < visible; ++i) {
        const auto& row = head.row(i);
        if (row.scope >= admitted_.size() || !admitted_[row.scope]) continue;
        const FileRow found{row.time_ms, row.number, id_code(row.id_prefix)};
        if (belongs(found)) head_rows_.push_back(found);
    }
}

bool Sweep::belongs(const FileRow& row) const {
    if (row.number >= range_.number_bound || row.number < range_.number_from) return false;
    if (row.time_ms < range_.min_time_ms || row.time_ms > range_.max_time_ms) return false;
    if (!range_.after || row.time_ms != range_.after->time_ms) return true;
    const auto order = against(row, *range_.after, records_);
    return range_.oldest_first ? order > 0 : order < 0;
}

void Sweep::open(Part& part) const {
    const auto first_not = [&](auto&& front) {
        auto low = part.scope->first_row, high = low + part.scope->rows;
        while (low < high) {
            const auto middle = low + (high - low) / 2;
            if (front(part.file->row(middle).time_ms))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    };
    part.opened = true;
    part.begin = part.scope->first_row;
    part.end = part.begin + part.scope->rows;
    if (part.scope->max_time_ms > range_.max_time_ms)
        part.begin = first_not([&](std::int64_t time_ms) { return time_ms > range_.max_time_ms; });
    if (part.scope->min_time_ms < range_.min_time_ms)
        part.end = std::max(part.begin, first_not([&](std::int64_t time_ms) { return time_ms >= range_.min_time_ms; }));
}

/// Takes the rows of a part whose rank is at least `rank_min`, and leaves it standing at the next one.
void Sweep::take_part(Part& part, std::int64_t rank_min, std::vector<FileRow>& rows) {
    while (part.begin < part.end) {
        const auto row = part.file->row(range_.oldest_first ? part.end - 1 : part.begin);
        part.rank = rank_of(row.time_ms);
        if (part.rank < rank_min) return;
        if (belongs(row)) rows.push_back(row);
        if (range_.oldest_first)
            --part.end;
        else
            ++part.begin;
    }
}

void Sweep::collect(std::int64_t rank_min, std::vector<FileRow>& rows) {
    while (!parts_.empty() && parts_.front().rank >= rank_min) {
        std::ranges::pop_heap(parts_, later);
        auto& part = parts_.back();
        if (!part.opened) open(part);
        take_part(part, rank_min, rows);
        if (part.begin == part.end || part.file->damaged())
            parts_.pop_back();
        else
            std::ranges::push_heap(parts_, later);
    }
    const auto rank = [&](const FileRow& row) { return rank_of(row.time_ms); };
    while (!head_rows_.empty() && rank(head_rows_.front()) >= rank_min) {
        std::ranges::pop_heap(head_rows_, {}, rank);
        rows.push_back(head_rows_.back());
        head_rows_.pop_back();
    }
}

std::int64_t Sweep::first_rank() const {
    auto first = std::numeric_limits<std::int64_t>::min();
    if (!parts_.empty()) first = parts_.front().rank;
    if (!head_rows_.empty()) first = std::max(first, rank_of(head_rows_.front().time_ms));
    return first;
}

/// Keeps what is much more than wanted for the next windows.
void Sweep::keep_surplus(std::size_t rows_wanted, std::vector<FileRow>& rows) {
    if (rows.size() <= 4 * rows_wanted) return;
    const auto rank = [&](const FileRow& row) { return rank_of(row.time_ms); };
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(rows_wanted) - 1;
    std::ranges::nth_element(rows, last, std::greater(), rank);
    const auto last_rank = rank(*last);
    const auto surplus = std::ranges::partition(rows, [&](const FileRow& row) { return rank(row) >= last_rank; });
    kept_.assign(surplus.begin(), surplus.end());
    rows.erase(surplus.begin(), surplus.end());
}

std::vector<FileRow> Sweep::next(std::size_t rows_wanted) {
    rows_wanted = std::max<std::size_t>(rows_wanted, 1);
    auto rows = std::exchange(kept_, {});
    while (rows.empty() && !(parts_.empty() && head_rows_.empty())) {
        while (rows.size() < rows_wanted / 2 + 1 && !(parts_.empty() && head_rows_.empty())) {
            const auto before = rows.size();
            collect(first_rank() - window_ms_, rows);
            const auto found = rows.size() - before;
            if (found < rows_wanted / 2) window_ms_ = std::min(window_ms_max, window_ms_ * 2);
            if (found > rows_wanted) window_ms_ = std::max<std::int64_t>(1, window_ms_ / 2);
        }
    }
    keep_surplus(rows_wanted, rows);
    return rows;
}

void Sweep::order(std::vector<FileRow>& rows) {
    std::ranges::sort(rows, [](const FileRow& one, const FileRow& other) {
        if (one.time_ms != other.time_ms) return one.time_ms > other.time_ms;
        if (one.code != other.code) return one.code > other.code;
        return one.number > other.number;
    });
    for (auto begin = rows.begin(); begin != rows.end();) {
        const auto end = std::find_if(begin, rows.end(), [&](const FileRow& row) {
            return row.time_ms != begin->time_ms || row.code != begin->code;
        });
        if (end - begin > 1) {
            std::vector<std::pair<std::string, FileRow>> ids;
            for (auto row = begin; row != end; ++row) ids.emplace_back(records_.order_id_of(row->number), *row);
            std::ranges::stable_sort(ids, std::greater(),
                                     [](const auto& each) -> const std::string& { return each.first; });
            std::ranges::transform(ids, begin, [](const auto& each) { return each.second; });
        }
        begin = end;
    }
    if (range_.oldest_first) std::ranges::reverse(rows);
}

}  // namespace cairn::history
