#pragma once

#include <optional>

#include "auditlog/logged_call.h"
#include "base/json.h"
#include "base/result.h"

namespace cairn::auditlog {

/// An entry of MinIO's audit log, version 1; nothing if it is of no call. Error: invalid, with what is missing.
Result<std::optional<LoggedCall>> read_minio_entry(const Json& entry, const Home& home);

}  // namespace cairn::auditlog
