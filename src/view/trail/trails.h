#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seam/clock.h"
#include "seam/meta_store.h"
#include "view/trail/trail.h"

namespace cairn::trail {

/// All trails of a node, in the meta store, with the history of their settings. Any thread.
class Trails {
public:
    /// Both outlive it.
    Trails(MetaStore& store, const Clock& clock) : store_(store), clock_(clock) {}

    /// Reads everything. To be called once, before the others. Errors: corrupt; those of the store. Blocks.
    Result<void> load();

    /// What limits creation, counted in the transaction that creates.
    struct Limits {
        std::size_t trails_per_region = 5;
        std::vector<std::string> regions;  ///< that exist
    };

    /// What stands against a new trail, as create() would find it. Errors: conflict, exhausted. Does not block.
    Result<void> check_room(const Trail& trail, const Limits& limits) const;

    /// Stores a new trail; `id` and `created` are given here. Errors: conflict    its name is taken in its region
    ///                                                                exhausted   the message names the region that is
    ///                                                                full
    Result<Trail> create(Trail trail, const Limits& limits);

    /// Changes the newest version of a trail, valid from now on. `change` may run more than once and may refuse.
    /// Errors: not_found; those of `change`. Blocks.
    using Change = std::function<Result<void>(Trail&)>;
    Result<Trail> change(std::string_view arn, const Change& change);

    /// Deletes a trail from now on. Error: not_found. Blocks.
    Result<void> remove(std::string_view arn);

    /// The trail that shows itself under `name` in an account and region, one that is at home there before a shadow;
    /// null when there is none. Does not block.
    std::shared_ptr<const TrailHistory> find(std::string_view account, std::string_view region,
                                             std::string_view name) const;
    std::shared_ptr<const TrailHistory> find(std::string_view arn) const;

    /// Every trail that is not deleted, by ARN.
    std::vector<std::shared_ptr<const TrailHistory>> list() const;

    /// Every trail that selection may still need, deleted ones too, and a number that grows with each change.
    struct Snapshot {
        std::uint64_t generation = 0;
        std::vector<std::shared_ptr<const TrailHistory>> trails;
    };
    Snapshot snapshot() const;

    /// Forgets versions and deleted trails that ended before `moment`: no event is asked for that is older.
    Result<void> forget_before(Time moment);

private:
    using All = std::vector<std::shared_ptr<const TrailHistory>>;  // sorted by id

    Result<TrailHistory> load_one(Transaction& transaction, std::string_view arn) const;
    void keep(TrailHistory history);

    MetaStore& store_;
    const Clock& clock_;
    std::mutex write_mutex_;  // held by who changes, around transaction and keep()
    mutable std::mutex mutex_;
    std::uint64_t generation_ = 0;  // guarded by mutex_
    All all_;                       // guarded by mutex_
};

}  // namespace cairn::trail
