#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/call_head.h"
#include "wire/operations.h"

namespace cairn::wire {

/// An operation whose URI template fits a request, and how well.
struct PathMatch {
    OperationFacts operation;
    bool slash_equal = false;  ///< path and template agree on a trailing slash
    std::uint32_t rank = 0;    ///< by segments from the left: literal over label over greedy label
    std::uint32_t weight = 0;  ///< query literals, then required members, that the request has
    int age = 0;               ///< 0: of today; 1: deprecated; 2: as only older models have it

    /// More specific than `other`.
    bool operator>(const PathMatch& other) const;
    bool equally_good(const PathMatch& other) const;
};

/// The operation of a REST service that a request is (Smithy 2.0, "HTTP bindings"): "{x}" stands for one segment that
/// is not empty, "{x+}" for one or more, compared on the raw path; query literals, required query parameters and
/// required headers must be there. The most specific one wins. Takes time in proportion to the depth of the path.
std::optional<PathMatch> match_path(ServiceFacts service, const CallHead& call, const Parameters& query);

}  // namespace cairn::wire
