#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "gateway/callers.h"
#include "wire/call_head.h"

namespace cairn::gateway {

/// What is known of a call beside its record.
struct Evidence {
    std::string_view upstream;
    Confidence confidence;
    const wire::CallHead& head;    ///< SDKs number their attempts in it
    const Json* answer = nullptr;  ///< wire::answered_members() of a call whose record does not show them
    bool outcome_unknown = false;  ///< the gateway ended before the call did
};

/// As it stands in the envelope of the event: docs/gateway.md, "Evidence". One line of JSON.
std::string evidence_text(const Evidence& evidence);

}  // namespace cairn::gateway
