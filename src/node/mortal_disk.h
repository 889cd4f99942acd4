#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::node {

/// A disk on which the process dies: for the crash tests, which set CAIRN_TEST_KILL. `plan` is "COUNT:PATTERN" or
/// "COUNT:PATTERN:remove": the process kills itself (SIGKILL) in the middle of its COUNT-th change (write, sync,
/// rename, removal,
/// ...; or only removal) of a path that is like PATTERN, half of it done where it is a write. "log/*" is like every
/// path below log, "seen/*.filter" like those that end so, too. Error: invalid, when `plan` is not of that form.
Result<std::unique_ptr<Disk>> make_mortal(std::unique_ptr<Disk> disk, std::string_view plan);

/// The local disk below `root`; a mortal one if CAIRN_TEST_KILL says so. Each has a count of its own. Errors: invalid,
/// those of open_posix_disk().
Result<std::unique_ptr<Disk>> open_disk(const std::string& root);

}  // namespace cairn::node
