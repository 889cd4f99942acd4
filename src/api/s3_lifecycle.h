#pragma once

#include <span>

#include "api/s3_call.h"

namespace cairn::api {

/// PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration and DeleteBucketLifecycle, as far as objects have
/// what rules speak of: a prefix and an age. Transitions, versions, tags and sizes are NotImplemented.
std::span<const S3Operation> s3_lifecycle_operations();

}  // namespace cairn::api
