#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "follow/view.h"
#include "seam/meta_store.h"

namespace cairn::follow {

/// What a view's follower has in the meta store, in space `follow`: how far it has published, and the plans that are open.
struct Progress {
    std::uint64_t position = 0;      ///< every event below is published
    std::uint64_t planned_to = 0;    ///< with open plans: the position when all of them are published
    std::uint64_t next_plan_id = 1;
    std::vector<Plan> open;          ///< in order of their ids; not written by store_progress
};

/// Errors: corrupt; invalid, written by a newer version; those of the store.
Result<Progress> load_progress(Transaction& transaction, const std::string& view);
Result<void> store_progress(Transaction& transaction, const std::string& view, const Progress& progress);

Result<void> store_plan(Transaction& transaction, const std::string& view, const Plan& plan);
Result<void> erase_plan(Transaction& transaction, const std::string& view, std::uint64_t plan_id);

/// How far the view has published: events below need not be kept for its sake. Zero when it never ran.
Result<std::uint64_t> published_position(MetaStore& store, const std::string& view);

}  // namespace cairn::follow
