#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/meta_store.h"
#include "view/trail/status.h"
#include "view/trail/trail.h"

namespace cairn::trail {

/// How far a trail is, for those who run it.
struct TrailOverview {
    Trail trail;
    std::vector<std::pair<std::string, TrailStatus>> regions;  ///< by region
    std::uint64_t waiting_files = 0;                           ///< closed, and not in the bucket yet
    std::optional<Time> waiting_since;                         ///< when the oldest of them was closed
};

/// One for each trail, in their order. Errors: corrupt; those of the store.
Result<std::vector<TrailOverview>> load_overviews(Transaction& transaction,
                                                  const std::vector<std::shared_ptr<const TrailHistory>>& trails);

}  // namespace cairn::trail
