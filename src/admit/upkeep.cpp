#include "admit/upkeep.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"

namespace cairn::admit {

namespace {

using SegmentPointer = std::shared_ptr<const Segment>;

void replace_segments(Tiers& tiers, unsigned level, std::uint64_t first, std::uint64_t end, SegmentPointer by) {
    auto& segments = tiers.segments;
    const auto inside = [&](const SegmentPointer& segment) {
        return segment->level == level && segment->first >= first && segment->end <= end;
    };
    const auto begin = std::ranges::find_if(segments, inside);
    const auto stop = std::find_if_not(begin, segments.end(), inside);
    const auto at = segments.erase(begin, stop);
    if (by) segments.insert(at, std::move(by));
}

std::vector<std::shared_ptr<const Run>> runs_of(const std::vector<SegmentPointer>& segments) {
    std::vector<std::shared_ptr<const Run>> runs;
    for (const auto& segment : segments) runs.insert(runs.end(), segment->runs.begin(), segment->runs.end());
    return runs;
}

}  // namespace

Upkeep::Upkeep(Disk& disk, const std::string& folder, SeenSource source, Metrics& metrics, const SeenOptions& options,
               SharedTiers& tiers, std::function<void()> table_written)
    : files_(disk, folder, options.table_entries, options.fan_out),
      source_(std::move(source)),
      options_(options),
      tiers_(tiers),
      table_written_(std::move(table_written)),
      tables_written_(metrics.counter("cairn_seen_tables_written_total", "Tables of identities written to disk.")),
      merges_(metrics.counter("cairn_seen_merges_total", "Merges of identity files.")),
      repairs_(metrics.counter("cairn_seen_repairs_total", "Damaged identity files made again.")) {}

bool Upkeep::durable(std::uint64_t number) {
    const auto before = durable_.load(std::memory_order_relaxed);
    if (number <= before) return false;
    durable_.store(number, std::memory_order_release);
    return before / options_.table_entries != number / options_.table_entries;
}

void Upkeep::forget_below(std::uint64_t number) {
    auto before = forgotten_below_.load(std::memory_order_relaxed);
    while (before < number && !forgotten_below_.compare_exchange_weak(before, number)) {
    }
}

Alive Upkeep::retained() const {
    const auto below = forgotten_below();
    if (below == 0) return options_.alive;
    if (!options_.alive) return [below](std::uint64_t number) { return number >= below; };
    return [below, &alive = options_.alive](std::uint64_t number) { return number >= below && alive(number); };
}

std::uint64_t Upkeep::group_length(unsigned level) const {
    std::uint64_t length = options_.table_entries;
    for (unsigned i = 0; i < level && length < number_limit; ++i) length *= options_.fan_out;
    return length;
}

Result<bool> Upkeep::step() {
    using Work = Result<bool> (Upkeep::*)();
    for (const Work work : {&Upkeep::drop_forgotten, &Upkeep::write_table, &Upkeep::renew_run, &Upkeep::renew_filter,
                            &Upkeep::renew_contents, &Upkeep::merge_level, &Upkeep::join_filters}) {
        auto done = (this->*work)();
        if (!done) drop_half_done();
        if (!done || *done) return done;
    }
    return false;
}

/// What was half done would hold the space that is missing, once more with every attempt.
void Upkeep::drop_half_done() { files_.remove_left_overs(*tiers_.snapshot()); }

Result<void> Upkeep::commit(const SharedTiers::Change& change) {
    Tiers next = *tiers_.snapshot();
    change(next);
    CAIRN_TRY(files_.write_manifest(next));
    tiers_.update(change);
    return {};
}

Result<void> Upkeep::give_way() {
    if (stopping_.load(std::memory_order_relaxed)) return fail(Code::unavailable, "the seen index is being closed");
    for (;;) {
        const auto written = write_table();
        if (!written) return fail(written.error());
        if (!*written) return {};
    }
}

Result<bool> Upkeep::drop_forgotten() {
    const auto below = forgotten_below();
    const auto tiers = tiers_.snapshot();
    std::vector<std::shared_ptr<const Run>> runs;
    std::vector<std::uint64_t> filters, contents;
    for (const auto& segment : tiers->segments) {
        if (segment->first >= below) break;
        for (const auto& run : segment->runs)
            if (run->end() <= below) runs.push_back(run);
        if (segment->end <= below && segment->filter && segment->filter->file_id() != 0)
            filters.push_back(segment->filter->file_id());
    }
    for (const auto& content : tiers->contents)
        if (content->end() <= below) contents.push_back(content->file_id());
    if (runs.empty() && contents.empty()) return false;

    CAIRN_TRY(commit([&](Tiers& next) {
        for (auto& segment : next.segments) {
            auto copy = std::make_shared<Segment>(*segment);
            std::erase_if(copy->runs, [&](const auto& run) { return run->end() <= below; });
            segment = std::move(copy);
        }
        std::erase_if(next.segments, [&](const auto& segment) {
            return segment->end <= below && segment->runs.empty() && segment->tables.empty();
        });
        std::erase_if(next.contents, [&](const auto& content) { return content->end() <= below; });
    }));
    for (const auto& run : runs) files_.remove_run(run->file_id());
    for (const auto id : filters) files_.remove_filter(id);
    for (const auto id : contents) files_.remove_content(id);
    return true;
}

Result<bool> Upkeep::write_table() {
    const auto table = tiers_.snapshot()->oldest_table();
    if (!table || !ready(*table)) return false;

    auto entries = table->sorted();
    if (const auto alive = retained()) std::erase_if(entries, [&](const Entry& entry) { return !alive(entry.number); });
    auto content = files_.write_contents(table->first(), {table->contents(table->first()), options_.table_entries});
    if (!content) return fail(std::move(content).error());
    auto run = files_.write_run(entries, table->first(), table->end());
    if (!run) return fail(std::move(run).error());

    CAIRN_TRY(commit([&](Tiers& next) {
        const auto owner = std::ranges::find_if(next.segments, [&](const SegmentPointer& segment) {
            return std::ranges::find(segment->tables, table) != segment->tables.end();
        });
        auto copy = std::make_shared<Segment>(**owner);
        std::erase(copy->tables, table);
        if (*run) copy->runs.push_back(*run);
        *owner = std::move(copy);
        next.contents.push_back(*content);
        next.covered = table->end();
    }));
    tables_written_.add();
    table_written_();
    return true;
}

Result<bool> Upkeep::renew_run() {
    const auto tiers = tiers_.snapshot();
    for (const auto& segment : tiers->segments) {
        for (const auto& run : segment->runs) {
            if (!run->file().damaged()) continue;
            CAIRN_TRY(repair(run->file_id()));
            return true;
        }
    }
    return false;
}

Result<bool> Upkeep::renew_filter() {
    const auto tiers = tiers_.snapshot();
    for (const auto& segment : tiers->segments) {
        const bool wanting = segment->level > 1 && (!segment->filter || segment->filter->damaged());
        if (!wanting) continue;
        log_warning("a filter of the seen index is made again", {{"first", segment->first}, {"end", segment->end}});
        CAIRN_TRY(cover_by_one_filter({segment}));
        repairs_.add();
        return true;
    }
    return false;
}

Result<bool> Upkeep::renew_contents() {
    const auto tiers = tiers_.snapshot();
    const auto damaged = std::ranges::find_if(tiers->contents, [](const auto& content) { return content->damaged(); });
    if (damaged == tiers->contents.end()) return false;
    const auto& old = **damaged;
    log_warning("content hashes are made again from the log", {{"first", old.first()}, {"end", old.end()}});

    std::vector<Hash128> hashes(old.end() - old.first());
    CAIRN_TRY(source_.for_each_fingerprint(old.first(), [&](std::uint64_t number, const Fingerprint& fingerprint) {
        if (number >= old.first() && number < old.end()) hashes[number - old.first()] = fingerprint.content;
    }));
    auto renewed = files_.write_contents(old.first(), hashes);
    if (!renewed) return fail(std::move(renewed).error());
    CAIRN_TRY(commit([&](Tiers& next) {
        for (auto& content : next.contents)
            if (content->file_id() == old.file_id()) content = *renewed;
    }));
    files_.remove_content(old.file_id());
    repairs_.add();
    return true;
}

Result<bool> Upkeep::merge_level() {
    const auto tiers = tiers_.snapshot();
    std::vector<SegmentPointer> group;
    for (auto segment = tiers->segments.begin(); segment != tiers->segments.end();) {
        const auto level = (*segment)->level;
        const auto length = group_length(level);
        const auto first = (*segment)->first / length * length;
        const auto same_group = [&](const SegmentPointer& other) {
            return other->level == level && other->first / length * length == first;
        };
        const auto stop = std::find_if_not(segment, tiers->segments.end(), same_group);
        group.assign(segment, stop);
        segment = stop;
        std::uint64_t entries = 0;
        for (const auto& run : runs_of(group)) entries += run->entry_count();
        const bool younger_inside = stop != tiers->segments.end() && (*stop)->first < first + length;
        const bool complete = tiers->covered >= first + length && !younger_inside;
        if (!complete || entries > 0xffffffff || length >= number_limit) continue;
        CAIRN_TRY(merge_segments(group, first, first + length));
        merges_.add();
        return true;
    }
    return false;
}

Result<void> Upkeep::merge_segments(const std::vector<SegmentPointer>& inputs, std::uint64_t first, std::uint64_t end) {
    const auto level = inputs.front()->level;
    const auto runs = runs_of(inputs);
    std::shared_ptr<const Run> damaged;
    auto merged = files_.merge(runs, first, end, true, retained(), [this] { return give_way(); }, damaged);
    if (damaged) return repair(damaged->file_id());
    if (!merged) return fail(std::move(merged).error());

    std::shared_ptr<Segment> result;
    if (merged->run) {
        result = std::make_shared<Segment>();
        result->level = level + 1;
        result->first = first;
        result->end = end;
        result->filter = std::move(merged->filter);
        result->runs.push_back(std::move(merged->run));
    }
    CAIRN_TRY(commit([&](Tiers& next) { replace_segments(next, level, first, end, result); }));
    for (const auto& run : runs) files_.remove_run(run->file_id());
    for (const auto& segment : inputs)
        if (segment->filter && segment->filter->file_id() != 0) files_.remove_filter(segment->filter->file_id());
    return {};
}

Result<bool> Upkeep::join_filters() {
    const auto tiers = tiers_.snapshot();
    for (std::size_t i = 0; i + 1 < tiers->segments.size(); ++i) {
        const auto &left = tiers->segments[i], &right = tiers->segments[i + 1];
        const auto length = left->end - left->first;
        const bool twins = left->level > 1 && left->level == right->level && left->end == right->first &&
                           right->end - right->first == length && left->first % (2 * length) == 0 &&
                           2 * length < group_length(left->level);
        if (!twins) continue;
        CAIRN_TRY(cover_by_one_filter({left, right}));
        return true;
    }
    return false;
}

Result<void> Upkeep::cover_by_one_filter(const std::vector<SegmentPointer>& inputs) {
    auto joined = std::make_shared<Segment>();
    joined->level = inputs.front()->level;
    joined->first = inputs.front()->first;
    joined->end = inputs.back()->end;
    joined->runs = runs_of(inputs);
    std::shared_ptr<const Run> damaged;
    auto filter = files_.write_filter(joined->runs, [this] { return give_way(); }, damaged);
    if (damaged) return repair(damaged->file_id());
    if (!filter) return fail(std::move(filter).error());
    joined->filter = std::move(*filter);
    CAIRN_TRY(commit([&](Tiers& next) { replace_segments(next, joined->level, joined->first, joined->end, joined); }));
    for (const auto& segment : inputs)
        if (segment->filter) files_.remove_filter(segment->filter->file_id());
    return {};
}

Result<void> Upkeep::repair(std::uint64_t run_file_id) {
    const auto tiers = tiers_.snapshot();
    std::shared_ptr<const Run> old;
    for (const auto& segment : tiers->segments)
        for (const auto& run : segment->runs)
            if (run->file_id() == run_file_id) old = run;
    if (!old) return {};
    log_warning("a damaged run of the seen index is made again from the log", {{"file", old->file().path()}});

    auto renewed = rebuild_run(old->first(), old->end());
    if (!renewed) {
        drop_half_done();
        return fail(std::move(renewed).error());
    }
    CAIRN_TRY(commit([&](Tiers& next) {
        for (auto& segment : next.segments) {
            const auto found = std::ranges::find(segment->runs, old);
            if (found == segment->runs.end()) continue;
            auto copy = std::make_shared<Segment>(*segment);
            const auto at = copy->runs.begin() + (found - segment->runs.begin());
            if (*renewed)
                *at = *renewed;
            else
                copy->runs.erase(at);
            segment = std::move(copy);
        }
    }));
    files_.remove_run(run_file_id);
    repairs_.add();
    return {};
}

Result<std::shared_ptr<const Run>> Upkeep::rebuild_run(std::uint64_t first, std::uint64_t end) {
    const auto alive = retained();
    std::vector<std::shared_ptr<const Run>> pieces;
    std::vector<Entry> entries;
    Result<void> written;
    const auto write_piece = [&] {
        std::ranges::stable_sort(entries, {}, &Entry::hash);
        auto piece = files_.write_run(entries, first, end);
        entries.clear();
        if (!piece)
            written = fail(std::move(piece).error());
        else if (*piece)
            pieces.push_back(std::move(*piece));
    };
    CAIRN_TRY(source_.for_each_fingerprint(first, [&](std::uint64_t number, const Fingerprint& fingerprint) {
        if (number < first || number >= end || (alive && !alive(number)) || !written) return;
        entries.push_back({fingerprint.identity, number});
        if (entries.size() == options_.table_entries) write_piece();
    }));
    if (written && !entries.empty()) write_piece();
    if (!written) return fail(std::move(written).error());
    if (pieces.empty()) return std::shared_ptr<const Run>();
    if (pieces.size() == 1) return pieces.front();

    std::shared_ptr<const Run> damaged;
    auto merged = files_.merge(pieces, first, end, false, alive, [this] { return give_way(); }, damaged);
    for (const auto& piece : pieces) files_.remove_run(piece->file_id());
    if (!merged) return fail(std::move(merged).error());
    return std::move(merged->run);
}

}  // namespace cairn::admit
