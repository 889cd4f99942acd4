#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "follow/view.h"
#include "view/trail/batch.h"
#include "view/trail/plan_body.h"
#include "view/trail/trail.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

/// The lanes of a trail's log files and digests. Each place that it delivers to has its own: one that it had before,
/// and that is away, delays nothing of the one that it has now.
std::string file_lane(const Trail& trail);
std::string digest_lane(const Trail& trail);

/// Whether log files of the trail, wherever they go, are in a lane.
bool is_file_lane(std::string_view lane, std::string_view trail_id);

/// Both versions of a trail send a log file to the same places, in the same form.
bool same_destination(const Trail& one, const Trail& other);

/// Plans a finished log file: where it goes, and the records to the trail's log group. Of `planned` trail, account,
/// region, tree, window and time are given; the rest is what trail and content say. The content is kept in `under_way`.
void plan_file(const Trail& trail, PlannedDelivery planned, Batch::Finished finished, UnderWay& under_way,
               std::vector<follow::Plan>& plans);

}  // namespace cairn::trail
