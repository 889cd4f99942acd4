#pragma once

#include <string>
#include <vector>

#include "wire/compiler/facts.h"

namespace cairn::wire {

/// The blob of wire/operations_format.h over `services`, which must be sorted by name. Throws std::runtime_error.
std::string write_blob(const std::vector<FactService>& services);

}  // namespace cairn::wire
