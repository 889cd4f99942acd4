#pragma once

#include <cstddef>

#include "wire/classify.h"

namespace cairn::wire {

/// How many bytes of a call's bodies, as they are on the wire, its record needs. A body that is longer is rendered from
/// nothing (request_parameters(), response_elements()); 0: none is needed. classification_needs_body() stands beside
/// it.

std::size_t request_bytes_kept(const Classified& call);

/// `status` of the answer: errors are needed of all calls, other answers of those that are shown or learned from.
std::size_t answer_bytes_kept(const Classified& call, int status);

}  // namespace cairn::wire
