#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace cairn::cli {

/// Events as a table a person reads. `events` are summaries of /v1/ (docs/api.md).
std::string event_table(const std::vector<Json>& events, std::size_t width, bool colours);

/// One event in one line, for `cairn tail`.
std::string event_line(const Json& event, bool colours);

}  // namespace cairn::cli
