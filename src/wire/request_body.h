#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::wire {

/// The body of a request as far as it was kept.
struct RequestBody {
    std::string_view bytes;  ///< decoded: not aws-chunked, not compressed
    bool whole = false;      ///< false: too large or not kept; only head and query are rendered
};

/// Names of the key attributes of a DynamoDB table; nothing if they are not known.
using KeySchema = std::function<std::optional<std::vector<std::string>>(std::string_view table)>;

}  // namespace cairn::wire
