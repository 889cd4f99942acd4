#include "follow/back_off.h"

#include <algorithm>

namespace cairn::follow {

std::int64_t back_off_ms(unsigned failures, std::int64_t least_ms, std::int64_t most_ms, std::uint64_t random) {
    auto wait = std::max<std::int64_t>(least_ms, 1);
    for (unsigned i = 1; i < failures && wait < most_ms; ++i) wait *= 2;
    wait = std::max<std::int64_t>(std::min(wait, most_ms), 1);
    const auto half = wait / 2;
    return half + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(wait - half + 1));
}

}  // namespace cairn::follow
