#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "event/record.h"

namespace cairn {

/// What a record's members mean, apart from reading them. Sources: docs/format/record.md.

/// Longest account, region and event id.
inline constexpr std::size_t name_bytes_max = 256;

/// From eventCategory, else from eventType, managementEvent and, in records older than both, the call itself.
Category category_of(const EventView& event);

/// The Username of LookupEvents; `details_user` is userIdentity.details.userName of an activity record.
std::string_view username_of(const EventView& event, std::string_view details_user);

/// eventTime; aggregated and activity records may lack the T or the time zone, which is UTC.
std::optional<Time> record_time(std::string_view text, Category category);

/// At most 60 bytes of `text` for an error message, without control characters.
std::string for_message(std::string_view text);

}  // namespace cairn
