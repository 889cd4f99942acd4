#pragma once

#include <string_view>

#include "wire/call_head.h"
#include "wire/s3_address.h"

namespace cairn::wire {

/// Which operation of S3 a request is, as its model names it (Amazon S3 API reference); also "PostObject" (a form
/// upload) and "PreflightRequest" (OPTIONS), which the model does not have. Empty if S3 has no such call. The event
/// name is the operations table's to say. Sub-resources are looked for in a fixed order, as servers do; other
/// parameters do not count.
std::string_view s3_operation(const CallHead& call, const Parameters& query, const S3Address& address);

}  // namespace cairn::wire
