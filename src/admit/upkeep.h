#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "admit/index_files.h"
#include "admit/options.h"
#include "admit/tiers.h"
#include "base/metrics.h"

namespace cairn::admit {

/// The tiers as everybody sees them: readers take a snapshot, two writers (who inserts, who writes files) change it.
class SharedTiers {
public:
    using Change = std::function<void(Tiers&)>;

    std::shared_ptr<const Tiers> snapshot() const {
        std::lock_guard lock(mutex_);
        return tiers_;
    }

    void update(const Change& change) {
        std::lock_guard lock(mutex_);
        auto next = std::make_shared<Tiers>(*tiers_);
        change(*next);
        tiers_ = std::move(next);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Tiers> tiers_ = std::make_shared<const Tiers>();  // guarded by mutex_
};

/// Everything that happens to the files: tables are written out, runs merged, filters joined, damage repaired. Each
/// change is complete on disk before a manifest names it, and named before readers see it. Used by one thread at a
/// time, but for durable(), forget_below() and stop().
class Upkeep {
public:
    Upkeep(Disk& disk, const std::string& folder, SeenSource source, Metrics& metrics, const SeenOptions& options,
           SharedTiers& tiers, std::function<void()> table_written);

    /// Brings back what is on disk, cut back to the end of the log.
    Result<void> open();

    /// Does the next piece of work, if there is one that is due; false when there is not.
    Result<bool> step();

    /// Makes a damaged run again from the log, if it is still in use.
    Result<void> repair(std::uint64_t run_file_id);

    /// What is durable may be written. Returns whether there may be more to do.
    bool durable(std::uint64_t number);
    void forget_below(std::uint64_t number);
    std::uint64_t forgotten_below() const { return forgotten_below_.load(std::memory_order_relaxed); }

    /// Whether the table may be written out.
    bool ready(const Memtable& table) const { return table.end() <= durable_.load(std::memory_order_acquire); }

    /// Long work ends at the next chance.
    void stop() { stopping_.store(true, std::memory_order_relaxed); }

    Alive retained() const;

private:
    using SegmentPointer = std::shared_ptr<const Segment>;

    void cut_back(Manifest& manifest) const;
    Result<bool> restore(const Manifest& manifest, Tiers& tiers);
    Result<void> fill_level_one_filters(Tiers& tiers);

    Result<bool> drop_forgotten();
    Result<bool> write_table();
    Result<bool> renew_run();
    Result<bool> renew_filter();
    Result<bool> renew_contents();
    Result<bool> merge_level();
    Result<bool> join_filters();

    Result<void> merge_segments(const std::vector<SegmentPointer>& inputs, std::uint64_t first, std::uint64_t end);
    Result<void> cover_by_one_filter(const std::vector<SegmentPointer>& inputs);
    Result<std::shared_ptr<const Run>> rebuild_run(std::uint64_t first, std::uint64_t end);
    Result<void> commit(const SharedTiers::Change& change);
    void drop_half_done();
    Result<void> give_way();
    std::uint64_t group_length(unsigned level) const;

    IndexFiles files_;
    SeenSource source_;
    const SeenOptions& options_;
    SharedTiers& tiers_;
    std::atomic<std::uint64_t> durable_{0};
    std::atomic<std::uint64_t> forgotten_below_{0};
    std::atomic<bool> stopping_{false};
    std::function<void()> table_written_;  ///< told after every table
    Counter& tables_written_;
    Counter& merges_;
    Counter& repairs_;
};

}  // namespace cairn::admit
