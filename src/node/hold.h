#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "event/record.h"

namespace cairn::node {

/// A legal hold: which events are kept, whatever retention says. What is not said is not asked; all that is said must
/// be true.
struct Hold {
    std::string name;
    std::string account;       ///< recipientAccountId
    std::string user;          ///< user name, ARN, principal id, access key id, or the ARN of the role behind a session
    std::string resource;      ///< the name or ARN of a resource, derived or in the record's own list
    std::optional<Time> from;  ///< eventTime at or after
    std::optional<Time> to;    ///< eventTime before
};

bool covers(const Hold& hold, const EventView& event);

/// Reads "2026-03-31T12:00:00Z" or a day "2026-03-31": its beginning, or with `last` the beginning of the next one.
std::optional<Time> parse_hold_time(const std::string& text, bool last);

/// Error: invalid: no name, or an account that is not 12 digits, or nothing between `from` and `to`.
Result<void> check_hold(const Hold& hold);

/// "account 111122223333, user ana, from 2026-01-01T00:00:00Z", or "everything".
std::string describe(const Hold& hold);

}  // namespace cairn::node
