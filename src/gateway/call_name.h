#pragma once

#include <string>
#include <string_view>

#include "gateway/credential.h"
#include "gateway/recorder.h"

namespace cairn::gateway {

/// What a call is called in its record.
struct CallName {
    std::string event_source;  ///< "s3.amazonaws.com"
    std::string event_name;    ///< "CreateBucket"; "GET /path" when nothing names the operation
    bool read_only = false;
    bool data = false;  ///< eventCategory Data, else Management
};

/// From what the request itself says: X-Amz-Target, Smithy's RPC path, Action, and S3's methods on buckets and objects.
CallName name_call(const net::Request& request, const Credential& credential);

}  // namespace cairn::gateway
