#pragma once

#include <span>

#include "api/s3_call.h"

namespace cairn::api {

/// GetObject, HeadObject and what else is read of objects; writes, which are refused: objects are written by trails
/// only.
std::span<const S3Operation> s3_object_operations();

/// Whether a request would write an object or take one away, if users could.
bool is_object_write(const net::Request& request);
wire::ApiError object_write_refused();

}  // namespace cairn::api
