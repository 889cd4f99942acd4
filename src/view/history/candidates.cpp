#include "view/history/candidates.h"

#include <algorithm>
#include <utility>

#include "view/history/numbers.h"

namespace cairn::history {

namespace {

/// Stepping to an event costs this part of decoding one.
constexpr std::uint64_t walked_per_scanned = 8;
/// Rows of the first window: about what the decoding of one page costs. Later ones are larger, as matches are rare.
constexpr std::size_t window_rows_min = 256, window_rows_max = 1 << 16;
/// Candidates that are walked to at one time at most.
constexpr std::size_t ahead_max = 256;
/// Numbers that are brought into the order of blocks at a time.
constexpr std::size_t batch_rows = 1 << 16;

}  // namespace

Candidates::Candidates(const Parts& parts)
    : records_(parts.records),
      helpers_(parts.helpers),
      scanned_max_(parts.options.scan_records_max),
      filter_(parts.query.needles()),
      blocks_(parts.records),
      options_(parts.options),
      wanted_(std::clamp<std::size_t>(parts.wanted, 1, ahead_max)),
      pages_waited_for_(parts.options.pages_waited_for()),
      window_rows_(window_rows_min) {
    if (parts.terms.empty() && filter_.active())
        sweep_.emplace(parts.snapshot, parts.admitted, parts.range, parts.records);
    else
        walk_.emplace(parts.snapshot, parts.admitted, parts.range, parts.terms, parts.records);
}

Candidates::Next Candidates::next(Candidate& candidate, std::uint64_t scan_to) {
    return sweep_ ? sweep_on(candidate, scan_to) : walk_on(candidate, scan_to);
}

Candidates::Next Candidates::walk_on(Candidate& candidate, std::uint64_t scan_to) {
    while (scanned_ < std::min(scan_to, scanned_max_)) {
        if (ahead_at_ == ahead_.size() && !look_ahead()) return Next::end;
        candidate = walked_to_ = ahead_[ahead_at_++];
        if (may_match(candidate)) return Next::found;
    }
    return Next::budget;
}

/// Takes the next candidate from the walk. While data has to be read from a disk it takes all that are wanted, so that
/// their blocks are fetched at one time. False at the end.
bool Candidates::look_ahead() {
    ahead_.clear();
    ahead_at_ = 0;
    const auto first = walk_->next();
    if (!first) return false;
    ahead_.push_back(*first);
    if (!waits_for_pages()) return true;
    walk_->expect(wanted_);
    while (ahead_.size() < wanted_) {
        const auto next = walk_->next();
        if (!next) break;
        ahead_.push_back(*next);
    }
    expected_.clear();
    for (const auto& candidate : ahead_) expected_.push_back(candidate.number);
    records_.log().expect(expected_);
    return true;
}

/// Asked now and then: the answer costs as much as a few steps of the walk.
bool Candidates::waits_for_pages() {
    if (looks_++ % 4 != 0) return false;
    const auto before = std::exchange(pages_waited_for_, options_.pages_waited_for());
    return pages_waited_for_ != before;
}

bool Candidates::may_match(const Candidate& candidate) {
    const auto block = blocks_.of(candidate.number);
    if (!block) {
        if (block.error().code != Code::not_found) records_.unreadable(candidate.number, block.error());
        return false;
    }
    ++scanned_;
    if (!filter_.active()) return true;
    const auto may = filter_.may_match(**block, candidate.number);
    if (!may) {
        records_.unreadable(candidate.number, may.error());
        return false;
    }
    scanned_bytes_ += mean_bytes((*block)->reader(), 1);
    return *may;
}

Result<std::string_view> Candidates::text_of(const Candidate& candidate) {
    const auto text = blocks_.read(candidate.number);
    if (text && !filter_.active()) scanned_bytes_ += text->size();
    return text;
}

Candidates::Next Candidates::next_stored(std::vector<std::uint64_t>& numbers) {
    numbers.clear();
    bool end = false;
    for (const auto walked_max = walked_per_scanned * scanned_max_;
         !end && numbers.size() < batch_rows && walked_ < walked_max;) {
        const auto candidate = walk_->next_in_any_order();
        end = !candidate;
        if (end) break;
        numbers.push_back(candidate->number);
        ++walked_;
    }
    if (numbers.empty()) return end ? Next::end : Next::budget;
    sort_numbers(numbers);
    keep_stored(numbers);
    return Next::found;
}

void Candidates::keep_stored(std::vector<std::uint64_t>& numbers) {
    auto kept = numbers.begin();
    std::uint64_t stored_to = 0;  // end of the last block that was found
    for (const auto number : numbers) {
        if (number >= stored_to) {
            const auto block = records_.log().find(number);
            if (!block) continue;
            stored_to = block->first_number + block->event_count;
        }
        *kept++ = number;
    }
    numbers.erase(kept, numbers.end());
}

Candidates::Next Candidates::sweep_on(Candidate& candidate, std::uint64_t scan_to) {
    for (;;) {
        if (hit_ < hits_.size()) {
            const auto& row = hits_[hit_++];
            candidate = {row.time_ms, row.number};
            return Next::found;
        }
        const auto limit = std::min(scan_to, scanned_max_);
        if (scanned_ >= limit) return Next::budget;
        if (!fill(limit - scanned_)) return Next::end;
    }
}

/// Sweeps the next window, of at most `rows_max` rows. False at the end.
bool Candidates::fill(std::uint64_t rows_max) {
    window_ = sweep_->next(std::min<std::uint64_t>(rows_max, window_rows_));
    if (window_.empty()) return false;
    if (window_.size() > rows_max) {
        sweep_->order(window_);
        const auto surplus = window_.begin() + static_cast<std::ptrdiff_t>(rows_max);
        sweep_->put_back({surplus, window_.end()});
        window_.erase(surplus, window_.end());
    }
    scanned_ += window_.size();
    window_rows_ = std::min(window_rows_max, window_rows_ * 2);
    hits_ = window_;
    hit_ = 0;
    scanned_bytes_ += filter_.sift(hits_, records_, helpers_);
    sweep_->order(hits_);
    return true;
}

Candidate Candidates::last() {
    if (!sweep_) return walked_to_;
    sweep_->order(window_);
    return {window_.back().time_ms, window_.back().number};
}

}  // namespace cairn::history
