#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "view/session/life.h"

namespace cairn::session {

/// The file of the session graph: docs/format/session_graph.md.
std::string save_tables(const Tables& tables, std::uint64_t position);

/// Returns the position. Errors: corrupt; invalid, written by a newer version.
Result<std::uint64_t> load_tables(std::string_view text, Tables& tables);

}  // namespace cairn::session
