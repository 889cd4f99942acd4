#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::wire {

/// The keys that a DeleteObjects deleted: those that its answer lists, or, if it asked for a quiet answer, those of the
/// request that the answer lists no error for (Amazon S3 API reference, "DeleteObjects"). Empty when either is no such
/// document.
std::vector<std::string> deleted_keys(std::string_view request, std::string_view answer);

}  // namespace cairn::wire
