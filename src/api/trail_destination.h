#pragma once

#include "api/trail_input.h"
#include "api/trail_services.h"

namespace cairn::api {

/// Proves that a trail can deliver where it shall, before it is stored: the bucket's policy, its marker objects, key,
/// topic and log group, in the order of the service (`CloudTrail validation message.` is sent, the log stream is made).
/// Of a trail that is changed only what `before` had otherwise; null: it is new. A key that is named by an alias
/// becomes the key itself. Blocks.
Checked check_destination(const TrailServices& services, trail::Trail& wanted, const trail::Trail* before);

/// The part of it that is about the bucket.
Checked check_bucket(const TrailServices& services, const trail::Trail& trail);

}  // namespace cairn::api
