#include "view/trail/file_plan.h"

#include <fmt/format.h>

#include "view/trail/keys.h"

namespace cairn::trail {

namespace {

std::string lane_of(std::string_view kind, const Trail& trail) {
    return fmt::format("{}/{}/{}/{}", kind, trail.id, trail.bucket, trail.prefix.value_or(""));
}

}  // namespace

std::string file_lane(const Trail& trail) { return lane_of("file", trail); }
std::string digest_lane(const Trail& trail) { return lane_of("digest", trail); }

bool is_file_lane(std::string_view lane, std::string_view trail_id) {
    const auto whole = fmt::format("file/{}", trail_id);  // lanes had no more to their name once
    return lane.starts_with(whole) && (lane.size() == whole.size() || lane[whole.size()] == '/');
}

bool same_destination(const Trail& one, const Trail& other) {
    return one.bucket == other.bucket && one.prefix == other.prefix && one.key_arn == other.key_arn &&
           one.topic_arn == other.topic_arn && one.log_group_arn == other.log_group_arn;
}

void plan_file(const Trail& trail, PlannedDelivery planned, Batch::Finished finished, UnderWay& under_way,
               std::vector<follow::Plan>& plans) {
    const auto& facts = finished.facts;
    const auto prefix = trail.prefix.value_or("");
    planned.kind = PlannedDelivery::Kind::file;
    planned.trail_arn = trail.arn();
    planned.bucket = trail.bucket;
    planned.key = log_file_key({prefix, "", planned.account, tree_name(planned.tree), planned.region}, planned.planned,
                               unique_name());
    planned.key_arn = trail.key_arn;
    planned.topic_arn = trail.topic_arn;
    planned.hash = facts.hash;
    planned.oldest = facts.oldest;
    planned.newest = facts.newest;
    const auto lane = file_lane(trail);
    plans.push_back({0, facts.from, facts.to, lane, encode(planned)});
    if (trail.log_group_arn && !planned.window) {
        planned.kind = PlannedDelivery::Kind::logs;
        planned.log_group_arn = *trail.log_group_arn;
        const auto stream = under_way.log_streams.choose(planned.trail_id, planned.key, facts.bytes);
        planned.log_stream = log_stream_name(trail.account, trail.home_region, stream);
        plans.push_back({0, facts.from, facts.to,
                         fmt::format("logs/{}/{}/{}", planned.trail_id, stream, *trail.log_group_arn),
                         encode(planned)});
    }
    under_way.open_files.add(lane, planned.key);
    under_way.contents.keep(planned.key, std::move(finished));
}

}  // namespace cairn::trail
