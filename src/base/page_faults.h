#pragma once

#include <cstdint>

namespace cairn {

/// How many pages of mapped files the calling thread has waited for so far, because they were not in memory. Cheap.
std::uint64_t pages_waited_for();

}  // namespace cairn
