#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "seam/meta_store.h"

namespace cairn {

/// The SQLite database at `path` as a meta store; made (mode 0600) if absent, its folder must exist. Write-ahead log
/// with a sync at every commit. Several processes may have it open: their transactions wait for each other some
/// seconds, then fail with conflict. A transaction must not be started inside another. Blocks. Errors: invalid written
/// by a newer version of cairn
///         corrupt      not a database, one of another program, or damaged
///         denied, exhausted, unavailable
Result<std::unique_ptr<MetaStore>> open_sqlite(const std::string& path);

/// Reads the whole database and fails with corrupt and what SQLite found, if anything (SQLite documentation, "PRAGMA
/// integrity_check"). Other errors as open_sqlite; not_found when there is no file. Blocks.
Result<void> check_sqlite(const std::string& path);

}  // namespace cairn
