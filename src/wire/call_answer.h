#pragma once

#include <span>
#include <string_view>

#include "wire/call_head.h"

namespace cairn::wire {

/// The answer to a call as far as it was kept. The views must outlive what is done with it.
struct CallAnswer {
    int status = 0;  ///< 0: there was none
    std::span<const HeaderView> headers;
    std::string_view body;  ///< without HTTP's chunk framing; compressed if Content-Encoding says so
    bool whole = false;     ///< false: longer than what is kept, or not kept at all; `body` is empty then

    std::string_view find(std::string_view name) const { return find_header(headers, name); }
};

}  // namespace cairn::wire
