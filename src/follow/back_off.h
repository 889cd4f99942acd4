#pragma once

#include <cstdint>

namespace cairn::follow {

/// How long to wait before the next attempt: doubles with each failure up to `most_ms`, and of that a part between one
/// half and all, chosen by `random`, so that many who failed together do not come back together.
/// `failures` counts those so far in a row, at least one.
std::int64_t back_off_ms(unsigned failures, std::int64_t least_ms, std::int64_t most_ms, std::uint64_t random);

}  // namespace cairn::follow
