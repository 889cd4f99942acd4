#pragma once

#include <string>

namespace cairn::auditlog {

/// What the entries of an audit log do not tell.
struct Home {
    std::string account;
    std::string region;  ///< of calls that were not signed for one
};

}  // namespace cairn::auditlog
