#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "view/history/order.h"

namespace cairn::history {

/// Where a page ended, and what it belongs to. Text that clients hand back; names no file, so it survives restart and
/// merging.
struct Token {
    Position after;
    std::uint64_t number_bound = 0;  ///< events numbered from here on came after the first page
    std::uint64_t search = 0;        ///< hash of the search, without scope, limit and token

    std::string encode() const;

    /// Error: invalid, when `text` is not what encode() made.
    static Result<Token> decode(std::string_view text);
};

}  // namespace cairn::history
