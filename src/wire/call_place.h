#pragma once

#include <string_view>

namespace cairn::wire {

/// Where a call was made.
struct CallPlace {
    std::string_view account, region;
};

}  // namespace cairn::wire
