#pragma once

#include <expected>
#include <string>

#include "api/s3_call.h"

namespace cairn::api {

/// Fills in the caller, or finds that there is none: an unsigned request is anonymous. The error is that of S3.
std::expected<void, wire::ApiError> authenticate_s3(const Parts& parts, S3Call& s3);

/// May the caller do `action` ("s3:GetObject") on the bucket or object that the call names? In the bucket's own account
/// the caller's policies or the bucket's must allow it, in another one both, without a caller the bucket's; an explicit
/// deny wins (Amazon S3 user guide, "How Amazon S3 authorizes a request"). The root of its account may always change a
/// bucket's policy. Error: AccessDenied.
std::expected<void, wire::ApiError> authorize_s3(const S3Call& s3, const std::string& action,
                                                 const std::string& resource);

}  // namespace cairn::api
