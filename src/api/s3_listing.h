#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/s3_call.h"

namespace cairn::api {

/// ListObjects, ListObjectsV2 and ListObjectVersions (Amazon S3 API reference).
std::span<const S3Operation> s3_listing_operations();

/// The key after which a listing goes on that ended with `marker`: a common prefix that is not after the marker is left
/// out whole.
std::string listing_start(std::string_view prefix, std::string_view delimiter, std::string_view marker);

}  // namespace cairn::api
