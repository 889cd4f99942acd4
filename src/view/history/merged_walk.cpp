#include "view/history/walk.h"

#include <algorithm>
#include <tuple>

#include "view/history/file_cursor.h"
#include "view/history/head_cursor.h"

namespace cairn::history {

/// The terms of a walk in one file.
struct Walk::FileTerms {
    bool possible = true;          ///< every term has some list
    std::vector<TermLists> terms;  ///< fewest entries first
    std::vector<char> scopes;      ///< when few rows are in question: whether any is in the scope
};

WalkRange narrowed(WalkRange range) {
    if (!range.after) return range;
    if (range.oldest_first)
        range.min_time_ms = std::max(range.min_time_ms, range.after->time_ms);
    else
        range.max_time_ms = std::min(range.max_time_ms, range.after->time_ms);
    return range;
}

bool may_hold(const IndexFile& file, const WalkRange& range) {
    const auto& header = file.header();
    return header.max_time_ms >= range.min_time_ms && header.min_time_ms <= range.max_time_ms &&
           header.first_number < range.number_bound && header.end_number > range.number_from;
}

std::strong_ordering against(const FileRow& row, const Position& position, Records& records) {
    if (row.time_ms != position.time_ms) return row.time_ms <=> position.time_ms;
    const auto code = id_code(id_prefix(position.event_id));
    if (row.code != code) return row.code <=> code;
    const auto order = records.order_id_of(row.number) <=> position.event_id;
    return order != 0 ? order : row.number <=> position.number;
}

Walk::Walk(const Snapshot& snapshot, const std::vector<char>& admitted, const WalkRange& range,
           std::vector<WalkTerm> terms, Records& records)
    : snapshot_(snapshot), admitted_(admitted), range_(narrowed(range)), terms_(std::move(terms)), records_(records) {
    if (range_.min_time_ms > range_.max_time_ms) return;
    if (const auto ids = std::ranges::find_if(terms_, &WalkTerm::event_id); ids != terms_.end()) {
        by_id_ = true;
        find_ids(*ids);
        return;
    }
    file_terms_.resize(snapshot.files.size());
    for (std::uint32_t i = 0; i < snapshot.files.size(); ++i) add_file(i);
    for (const auto& head : snapshot.heads) add_head(*head);
}

Walk::~Walk() = default;

void Walk::add_file(std::uint32_t index) {
    const auto& file = *snapshot_.files[index];
    if (!may_hold(file, range_)) return;
    const auto& scopes = file.scopes();
    for (std::uint32_t i = 0; i < scopes.size(); ++i) {
        const auto& scope = scopes[i];
        if (scope.id >= admitted_.size() || !admitted_[scope.id]) continue;
        if (scope.max_time_ms < range_.min_time_ms || scope.min_time_ms > range_.max_time_ms) continue;
        const auto bound = range_.oldest_first ? std::max(scope.min_time_ms, range_.min_time_ms)
                                               : std::min(scope.max_time_ms, range_.max_time_ms);
        unopened_.push_back({index, i});
        push({bound, -1, static_cast<std::uint32_t>(unopened_.size() - 1)});
    }
}

void Walk::add_head(const Head& head) {
    cursors_.push_back(std::make_unique<HeadCursor>(head, admitted_, terms_, range_, records_));
    push_cursor(static_cast<std::uint32_t>(cursors_.size() - 1));
}

void Walk::find_ids(const WalkTerm& term) {
    std::vector<Position> found;
    const auto add = [&](std::uint32_t scope, std::int64_t time_ms, std::uint64_t number) {
        if (scope >= admitted_.size() || !admitted_[scope] || number >= range_.number_bound ||
            number < range_.number_from)
            return;
        if (time_ms < range_.min_time_ms || time_ms > range_.max_time_ms) return;
        found.push_back({time_ms, {}, number});
    };
    for (const auto hash : term.any_of)
        for (const auto& file : snapshot_.files) file->expect_id_bucket(hash);
    for (const auto hash : term.any_of)
        for (const auto& file : snapshot_.files) file->expect_ids(hash);
    for (const auto hash : term.any_of) {
        for (const auto& file : snapshot_.files) {
            for (const auto index : file->rows_of_id(hash)) {
                const auto behind = std::ranges::upper_bound(file->scopes(), index, {}, &FileScope::first_row);
                const auto row = file->row(index);
                if (!file->damaged()) add(std::prev(behind)->id, row.time_ms, row.number);
            }
        }
        for (const auto& head : snapshot_.heads) {
            head->for_each_id(hash, head->rows(), [&](std::uint32_t index) {
                const auto& row = head->row(index);
                add(row.scope, row.time_ms, row.number);
            });
        }
    }
    if (found.size() > 1 || range_.after)
        for (auto& each : found) each.event_id = records_.order_id_of(each.number);
    std::ranges::sort(found);
    const auto same = std::ranges::unique(found);
    found.erase(same.begin(), same.end());
    if (!range_.oldest_first) std::ranges::reverse(found);
    for (const auto& each : found) {
        if (range_.after) {
            const auto order = std::tie(each.time_ms, each.event_id, each.number) <=>
                               std::tie(range_.after->time_ms, range_.after->event_id, range_.after->number);
            if (range_.oldest_first ? order <= 0 : order >= 0) continue;
        }
        found_.push_back({each.time_ms, each.number});
    }
}

bool Walk::comes_first(const Entry& one, const Entry& other) {
    const bool newest_first = !range_.oldest_first;
    if (one.time_ms != other.time_ms) return (one.time_ms > other.time_ms) == newest_first;
    if (one.code < 0 || other.code < 0) return one.code < other.code;
    if (one.code != other.code) return (one.code > other.code) == newest_first;
    if (one.index == other.index) return false;
    const auto id_of = [&](const Entry& entry) -> const std::string& {
        auto& cursor = *cursors_[entry.index];
        if (!cursor.order_id) cursor.order_id = records_.order_id_of(cursor.row.number);
        return *cursor.order_id;
    };
    const auto order = id_of(one) <=> id_of(other);
    if (order != 0) return (order > 0) == newest_first;
    return (cursors_[one.index]->row.number > cursors_[other.index]->row.number) == newest_first;
}

void Walk::push(Entry entry) {
    heap_.push_back(entry);
    std::ranges::push_heap(heap_, [&](const Entry& one, const Entry& other) { return comes_first(other, one); });
}

Walk::Entry Walk::pop() {
    std::ranges::pop_heap(heap_, [&](const Entry& one, const Entry& other) { return comes_first(other, one); });
    const auto entry = heap_.back();
    heap_.pop_back();
    return entry;
}

void Walk::push_cursor(std::uint32_t index) {
    auto& cursor = *cursors_[index];
    if (cursor.step()) push({cursor.row.time_ms, cursor.row.code, index});
}

Walk::FileTerms& Walk::terms_in(std::uint32_t index) {
    auto& terms = file_terms_[index];
    if (terms) return *terms;
    terms = std::make_unique<FileTerms>();
    const auto& file = *snapshot_.files[index];
    for (const auto& term : terms_) {
        TermLists lists;
        for (const auto hash : term.any_of) {
            const auto key = file.find_key(hash);
            if (!key) continue;
            lists.references.push_back(key->reference);
            lists.count += ListCursor(file, key->reference).count();
        }
        if (lists.references.empty()) {
            terms->possible = false;
            return *terms;
        }
        terms->terms.push_back(std::move(lists));
    }
    std::ranges::sort(terms->terms, {}, &TermLists::count);
    mark_scopes(file, *terms);
    return *terms;
}

/// A rare value is in few scopes: the others need not be opened to learn that.
void Walk::mark_scopes(const IndexFile& file, FileTerms& terms) const {
    constexpr std::uint64_t few = 2 * group_rows;
    if (terms.terms.empty() || terms.terms.front().count > few || file.scopes().size() < 8) return;
    terms.scopes.resize(file.scopes().size());
    for (const auto reference : terms.terms.front().references) {
        ListCursor list(file, reference);
        for (std::uint32_t group = 0; group < list.groups(); ++group) {
            std::uint32_t count = 0;
            const auto* rows = list.load_group(group, count);
            for (std::uint32_t i = 0; i < count; ++i) {
                const auto behind = std::ranges::upper_bound(file.scopes(), rows[i], {}, &FileScope::first_row);
                if (behind != file.scopes().begin())
                    terms.scopes[static_cast<std::size_t>(behind - file.scopes().begin()) - 1] = 1;
            }
        }
    }
}

/// The cursor, before its first row; null when it would have none.
WalkCursor* Walk::open(const Unopened& unopened) {
    const auto& terms = terms_in(unopened.file);
    if (!terms.possible || (!terms.scopes.empty() && !terms.scopes[unopened.scope])) return nullptr;
    const auto& file = *snapshot_.files[unopened.file];
    cursors_.push_back(
        std::make_unique<FileCursor>(file, file.scopes()[unopened.scope], terms.terms, range_, records_));
    return cursors_.back().get();
}

std::optional<Candidate> Walk::next() {
    if (by_id_) {
        if (found_at_ == found_.size()) return std::nullopt;
        return found_[found_at_++];
    }
    while (!heap_.empty()) {
        const auto entry = pop();
        if (entry.code < 0) {
            if (open(unopened_[entry.index]) != nullptr) push_cursor(static_cast<std::uint32_t>(cursors_.size() - 1));
            continue;
        }
        const auto& row = cursors_[entry.index]->row;
        const Candidate candidate{row.time_ms, row.number};
        push_cursor(entry.index);
        return candidate;
    }
    return std::nullopt;
}

void Walk::expect(std::size_t count) {
    const auto opened =
        static_cast<std::size_t>(std::ranges::count_if(heap_, [](const Entry& entry) { return entry.code >= 0; }));
    for (const auto& entry : heap_)
        if (entry.code >= 0) cursors_[entry.index]->expect(count / opened + 1);
}

std::optional<Candidate> Walk::next_in_any_order() {
    if (by_id_) return next();
    for (;;) {
        if (current_ != nullptr && current_->step()) return Candidate{current_->row.time_ms, current_->row.number};
        if (heap_.empty()) return std::nullopt;
        const auto entry = heap_.back();
        heap_.pop_back();
        if (entry.code < 0) {
            current_ = open(unopened_[entry.index]);
            continue;
        }
        current_ = cursors_[entry.index].get();  // stands at its first row
        return Candidate{current_->row.time_ms, current_->row.number};
    }
}

}  // namespace cairn::history
