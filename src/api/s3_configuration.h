#pragma once

#include <span>

#include "api/s3_call.h"

namespace cairn::api {

/// What tools ask of a bucket's configuration: versions, encryption, tags and so on. All buckets are alike, so that
/// most answers are what S3 says of a bucket where nothing was set.
std::span<const S3Operation> s3_configuration_operations();

}  // namespace cairn::api
