#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::history {

/// Damage to one index file.
struct Damage {
    std::string path;
    std::uint64_t offset = 0;
    std::string what;
};

/// Reads every page of every index file of `folder` and changes nothing; what is damaged is made again when a node
/// opens it. `bytes` grows by what was read. Blocks; nobody may write there. Errors: those of the disk; unavailable for
/// a newer format.
Result<std::vector<Damage>> check(Disk& disk, const std::string& folder, std::uint64_t& bytes);

}  // namespace cairn::history
