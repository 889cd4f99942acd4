#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "follow/view.h"
#include "seam/meta_store.h"

namespace cairn::follow {

/// A plan without its body, which stays in the store until it is done.
struct PlanHead {
    std::uint64_t id = 0;
    std::uint64_t from = 0, to = 0;
    std::string lane;

    bool needs_records() const { return from < to; }
};

/// What a view's follower has in the meta store, in space `follow`.
struct Progress {
    std::uint64_t position = 0;      ///< every event below is in a plan, or needs none
    std::uint64_t next_plan_id = 1;  ///< above all ids ever given
    std::vector<PlanHead> open;      ///< in order of their ids; not written by store_progress

    /// Every event below is published, or needs nothing to be.
    std::uint64_t published() const;
};

/// Errors: corrupt; invalid, written by a newer version; those of the store.
Result<Progress> load_progress(Transaction& transaction, const std::string& view);
Result<void> store_progress(Transaction& transaction, const std::string& view, std::uint64_t position,
                            std::uint64_t next_plan_id);

/// Empty when the plan is not open (any more).
Result<std::optional<Plan>> load_plan(Transaction& transaction, const std::string& view, std::uint64_t plan_id);
Result<void> store_plan(Transaction& transaction, const std::string& view, const Plan& plan);
Result<void> erase_plan(Transaction& transaction, const std::string& view, std::uint64_t plan_id);

/// How far the view has published: events below need not be kept for its sake. Zero when it never ran.
Result<std::uint64_t> published_position(MetaStore& store, const std::string& view);

}  // namespace cairn::follow
