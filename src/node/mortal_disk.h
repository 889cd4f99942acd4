#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::node {

/// A disk on which the process dies: for the crash tests, which set CAIRN_TEST_KILL. `plan` is "COUNT:PREFIX": the process
/// kills itself (SIGKILL) in the middle of its COUNT-th change (write, sync, rename, removal, ...) of a path that begins with
/// PREFIX, half of it done where it is a write. Error: invalid, when `plan` is not of that form.
Result<std::unique_ptr<Disk>> make_mortal(std::unique_ptr<Disk> disk, std::string_view plan);

}  // namespace cairn::node
