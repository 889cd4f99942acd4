#pragma once

#include <optional>

#include "auditlog/logged_call.h"
#include "base/json.h"
#include "base/result.h"

namespace cairn::auditlog {

/// An entry of the ops log of Ceph's object gateway. Error: invalid, with what is missing.
Result<std::optional<LoggedCall>> read_ceph_entry(const Json& entry, const Home& home);

}  // namespace cairn::auditlog
