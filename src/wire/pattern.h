#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::wire {

struct Pattern;

/// Compiles a pattern of a model, which is written for Java: a value must match wholly. Error: invalid.
Result<std::shared_ptr<const Pattern>> compile_pattern(std::string_view pattern);

bool pattern_matches(const Pattern& pattern, std::string_view value);

}  // namespace cairn::wire
