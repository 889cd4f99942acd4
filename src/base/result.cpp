#include "base/result.h"

namespace cairn {

const char* code_name(Code code) {
    switch (code) {
        case Code::invalid: return "invalid";
        case Code::denied: return "denied";
        case Code::not_found: return "not_found";
        case Code::conflict: return "conflict";
        case Code::exhausted: return "exhausted";
        case Code::unavailable: return "unavailable";
        case Code::corrupt: return "corrupt";
        case Code::internal: return "internal";
    }
    return "internal";
}

}  // namespace cairn
