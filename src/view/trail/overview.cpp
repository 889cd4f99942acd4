#include "view/trail/overview.h"

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
};

Result<std::map<std::string, Waiting>> load_waiting(Transaction& transaction) {
    const auto progress = follow::load_progress(transaction, std::string(view_name));
    if (!progress) return fail(progress.error());
    std::map<std::string, Waiting> lanes;
    for (const auto& plan : progress->open) {
        auto& lane = lanes[plan.lane];
        if (lane.plans++ == 0) lane.first_id = plan.id;
    }
    return lanes;
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
        if (const auto lane = lanes->find(file_lane(overview.trail.id)); lane != lanes->end()) {
            const auto since = planned_at(transaction, lane->second.first_id);
            if (!since) return fail(since.error());
            overview.waiting_files = lane->second.plans;
            overview.waiting_since = *since;
        }
        overviews.push_back(std::move(overview));
    }
    return overviews;
}

}  // namespace cairn::trail
