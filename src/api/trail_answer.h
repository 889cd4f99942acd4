#pragma once

#include "base/json.h"
#include "view/trail/status.h"
#include "view/trail/trail.h"

namespace cairn::api {

/// A trail as CreateTrail and UpdateTrail answer it: what was never set is left out.
Json changed_trail(const trail::Trail& trail);

/// As GetTrail and DescribeTrails do.
Json described_trail(const trail::Trail& trail);

/// GetTrailStatus: the status of one region (CloudTrail API reference, "GetTrailStatus"). Obsolete texts are there,
/// though empty.
Json trail_status(const trail::Trail& trail, const trail::TrailStatus& status);

}  // namespace cairn::api
