#pragma once

#include <string_view>
#include <vector>

#include "ingest/ingest.h"
#include "ingest/slice.h"

namespace cairn::ingest {

/// Records as a gateway sends them, with what it says of each.
struct GatewayLines {
    Sliced sliced;
    std::vector<Origin> origins;  ///< one per slice without a problem, in order
};

/// Cuts lines {"sequence":7,"evidence":{...},"record":{...}}: docs/api.md, "POST /ingest". The records are not checked.
/// `body` needs 64 readable bytes after its end. A broken line harms no other. After
/// `slices_max` slices the rest is left out, with one more slice that says so as its problem.
GatewayLines slice_gateway_lines(std::string_view body, std::size_t slices_max = std::size_t{1} << 20);

/// Longest evidence of one record.
inline constexpr std::size_t evidence_bytes_max = 256 * 1024;

}  // namespace cairn::ingest
