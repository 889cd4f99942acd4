#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "event/record.h"

namespace cairn::session {

/// One call as far as something may be learned from it: views into its record, or into what was packed of it.
struct Call {
    std::string_view event_source, event_name, account, event_id, error_code, error_message, key_id, identity_type, arn;
    std::string_view identity, parameters,
        elements;               ///< objects as the record has them; the last two only if it tells_more()
    std::string_view evidence;  ///< what a gateway says of it
    Time at{};
    bool from_trail = true;  ///< the service wrote the record, no gateway
};

/// Records of other categories are no calls, and tell nothing.
bool is_call(Category category);

/// `evidence` outlives the call, as `event` does.
Call call_of(const EventView& event, bool from_trail, std::string_view evidence);

/// All but the time, and back. `packed` outlives the call.
std::string pack(const Call& call);
Call unpack(std::string_view packed, Time at);

}  // namespace cairn::session
