#pragma once

#include <span>

#include "api/s3_call.h"

namespace cairn::api {

/// CreateBucket, DeleteBucket, ListBuckets, HeadBucket, GetBucketLocation, GetBucketAcl, and a bucket's policy.
std::span<const S3Operation> s3_bucket_operations();

/// Names that the other calls of cairn's port begin with: no bucket can have one.
bool is_reserved_bucket_name(std::string_view name);

}  // namespace cairn::api
