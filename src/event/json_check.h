#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn {

/// What a strict reading of RFC 8259 found that a fast parser may refuse all the same.
struct JsonOddity {
    enum class Kind : std::uint8_t {
        big_number,      ///< an integer beyond 64 bits, or a number beyond a double
        lone_surrogate,  ///< a \ud800..\udfff escape without its other half: 6 bytes
    };
    Kind kind;
    std::uint32_t begin = 0, end = 0;  ///< byte range in the text
};

/// Checks that `text` is exactly one JSON text (RFC 8259) in UTF-8 with at most `depth_max` arrays and objects inside
/// each other, and appends every oddity to `oddities`. Iterative: no depth overflows the stack. Slower than the record
/// parser's fast path: for texts that it refused.
/// Error: invalid, with the byte offset and what is wrong there. Texts up to 4 GiB.
Result<void> check_json(std::string_view text, std::size_t depth_max, std::vector<JsonOddity>& oddities);

}  // namespace cairn
