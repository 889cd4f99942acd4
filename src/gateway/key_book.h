#pragma once

#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "gateway/callers.h"

namespace cairn::gateway {

/// What is known of keys from calls that were seen. node/ gives the session graph. Members may be called from any
/// thread and do not block.
class KeyBook {
public:
    virtual ~KeyBook() = default;

    /// userIdentity with accessKeyId; null when nothing is known of that key at that time. `space`: the upstream, or
    /// empty for AWS itself.
    virtual Json find(std::string_view space, std::string_view key_id, Time at) const = 0;

    /// `account`: of callers whose identity does not say theirs.
    virtual void learn(const LearnedCall& call, std::string_view account) = 0;
};

}  // namespace cairn::gateway
