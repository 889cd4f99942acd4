#include "admit/upkeep.h"

#include <algorithm>

#include "base/log.h"

namespace cairn::admit {

Result<void> Upkeep::open() {
    forget_below(source_.begin);
    auto manifest = files_.load();
    if (!manifest) return fail(std::move(manifest).error());

    Tiers tiers;
    bool changed = false;
    if (*manifest) {
        const auto covered = (*manifest)->covered;
        cut_back(**manifest);
        const auto restored = restore(**manifest, tiers);
        if (!restored) return fail(restored.error());
        changed = *restored || covered != tiers.covered;
    }
    // Before the first new event: numbers that the log gives out again must not be found in old files.
    if (changed) CAIRN_TRY(files_.write_manifest(tiers));
    files_.remove_left_overs(tiers);
    durable_.store(tiers.covered, std::memory_order_relaxed);
    tiers_.update([&](Tiers& now) { now = tiers; });
    return fill_level_one_filters(tiers);
}

void Upkeep::cut_back(Manifest& manifest) const {
    if (manifest.covered <= source_.end) return;
    log_warning("the seen index is cut back to the end of the log",
                {{"covered", manifest.covered}, {"end", source_.end}});
    auto covered = source_.end / options_.table_entries * options_.table_entries;
    for (const auto& segment : manifest.segments)
        for (const auto& run : segment.runs)
            if (run.end > source_.end) covered = std::min(covered, run.first);
    std::vector<Manifest::Segment> kept;
    for (auto& segment : manifest.segments) {
        const auto count = segment.runs.size();
        std::erase_if(segment.runs, [&](const auto& run) { return run.end > covered; });
        if (segment.runs.empty()) continue;
        if (segment.level == 1 || segment.runs.size() == count) {
            kept.push_back(std::move(segment));
            continue;
        }
        // Its range is no longer whole: each run gets a filter of its own again.
        for (const auto& run : segment.runs) kept.push_back({segment.level, run.first, run.end, 0, {run}});
    }
    manifest.segments = std::move(kept);
    std::erase_if(manifest.contents,
                  [&](const auto& content) { return content.first + options_.table_entries > covered; });
    manifest.covered = covered;
}

Result<bool> Upkeep::restore(const Manifest& manifest, Tiers& tiers) {
    bool changed = false;
    tiers.covered = manifest.covered;
    for (const auto& entry : manifest.segments) {
        auto segment = std::make_shared<Segment>();
        segment->level = entry.level;
        segment->first = entry.first;
        segment->end = entry.end;
        for (const auto& file : entry.runs) {
            auto run = files_.open_run(file.file_id);
            if (run && (*run)->first() == file.first && (*run)->end() == file.end) {
                segment->runs.push_back(std::move(*run));
                continue;
            }
            if (!run && run.error().code != Code::corrupt && run.error().code != Code::not_found)
                return fail(std::move(run).error());
            log_error("a damaged run of the seen index is made again from the log",
                      {{"reason", run ? "it holds other events than it should" : run.error().message}});
            run = rebuild_run(file.first, file.end);
            if (!run) return fail(std::move(run).error());
            if (*run) segment->runs.push_back(std::move(*run));
            repairs_.add();
            changed = true;
        }
        if (entry.level > 1 && entry.filter_id != 0) {
            auto filter = files_.open_filter(entry.filter_id);
            if (filter) {
                segment->filter = std::move(*filter);
            } else if (filter.error().code == Code::corrupt || filter.error().code == Code::not_found) {
                log_error("a filter of the seen index cannot be used", {{"reason", filter.error().message}});
            } else {
                return fail(std::move(filter).error());
            }
        }
        tiers.segments.push_back(std::move(segment));
    }
    for (const auto& content : manifest.contents)
        tiers.contents.push_back(files_.content(content.file_id, content.first));
    return changed;
}

Result<void> Upkeep::fill_level_one_filters(Tiers& tiers) {
    for (std::size_t i = 0; i < tiers.segments.size();) {
        if (tiers.segments[i]->level != 1) {
            ++i;
            continue;
        }
        auto filter = std::make_shared<Filter>(group_length(1));
        auto outcome = fill_filter(tiers.segments[i]->runs, *filter);
        if (outcome.damaged) {
            CAIRN_TRY(repair(outcome.damaged->file_id()));
            tiers = *tiers_.snapshot();
            continue;
        }
        CAIRN_TRY(std::move(outcome.result));
        const auto first = tiers.segments[i]->first;
        tiers_.update([&](Tiers& now) {
            for (auto& segment : now.segments) {
                if (segment->level != 1 || segment->first != first) continue;
                auto copy = std::make_shared<Segment>(*segment);
                copy->filter = filter;
                segment = std::move(copy);
            }
        });
        ++i;
    }
    return {};
}

}  // namespace cairn::admit
