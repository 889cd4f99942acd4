#include "view/trail/overview.h"

#include <algorithm>
#include <map>

#include "follow/progress.h"
#include "view/trail/delivery.h"
#include "view/trail/file_plan.h"
#include "view/trail/plan_body.h"

namespace cairn::trail {

namespace {

/// Of one lane, in which the first plan is the oldest.
struct Waiting {
    std::uint64_t plans = 0, first_id = 0;

    void add(const Waiting& other) {
        first_id = plans == 0 ? other.first_id : std::min(first_id, other.first_id);
        plans += other.plans;
    }
};

using WaitingByLane = std::map<std::string, Waiting>;

Result<WaitingByLane> load_waiting(Transaction& transaction) {
    const auto progress = follow::load_progress(transaction, std::string(view_name));
    if (!progress) return fail(progress.error());
    WaitingByLane lanes;
    for (const auto& plan : progress->open) lanes[plan.lane].add({1, plan.id});
    return lanes;
}

/// Log files of a trail, wherever they go.
Waiting files_of(const WaitingByLane& lanes, std::string_view trail_id) {
    Waiting all;
    for (const auto& [lane, waiting] : lanes)
        if (is_file_lane(lane, trail_id)) all.add(waiting);
    return all;
}

Result<std::optional<Time>> planned_at(Transaction& transaction, std::uint64_t plan_id) {
    const auto plan = follow::load_plan(transaction, std::string(view_name), plan_id);
    if (!plan) return fail(plan.error());
    if (!*plan) return std::nullopt;
    const auto planned = decode_delivery((*plan)->body);
    if (!planned) return fail(planned.error());
    return planned->planned;
}

}  // namespace

Result<std::vector<TrailOverview>> load_overviews(Transaction& transaction,
                                                  const std::vector<std::shared_ptr<const TrailHistory>>& trails) {
    const auto lanes = load_waiting(transaction);
    if (!lanes) return fail(lanes.error());
    std::vector<TrailOverview> overviews;
    for (const auto& history : trails) {
        TrailOverview overview{history->newest(), {}, 0, std::nullopt};
        auto statuses = load_statuses(transaction, overview.trail.id);
        if (!statuses) return fail(std::move(statuses).error());
        overview.regions = std::move(*statuses);
        if (const auto waiting = files_of(*lanes, overview.trail.id); waiting.plans > 0) {
            const auto since = planned_at(transaction, waiting.first_id);
            if (!since) return fail(since.error());
            overview.waiting_files = waiting.plans;
            overview.waiting_since = *since;
        }
        overviews.push_back(std::move(overview));
    }
    return overviews;
}

}  // namespace cairn::trail
