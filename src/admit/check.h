#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::admit {

/// Damage to one file of the index.
struct Damage {
    std::string path;
    std::uint64_t offset = 0;
    std::string what;
};

/// Reads every page of every file that the manifest of `folder` names and changes nothing. An absent folder is whole:
/// it is made again. `bytes` grows by what was read. Blocks; no index may be open there. Errors: invalid, written by a
/// newer version; those of the disk.
Result<std::vector<Damage>> check(Disk& disk, const std::string& folder, std::uint64_t& bytes);

}  // namespace cairn::admit
