#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/block_entry.h"
#include "seam/disk.h"

namespace cairn::journal {

struct CheckReport {
    std::uint64_t events = 0;  ///< that were read whole
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;  ///< looked at
    std::vector<Finding> findings;
};

/// Called now and then with the bytes done and in all.
using CheckProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Verifies the log in `folder` and changes nothing: both manifests, every archive file (header, frames, links, table,
/// dictionaries, hash), every journal file, every sub-block and envelope of every block, and that the hash chain has no
/// break. What a crash left of an unacknowledged commit is no damage. Blocks; nobody may write to the log meanwhile.
/// Errors: not_found, when there is no log; unavailable for a newer format; those of the disk. Damage is no error but
/// a finding, which names file, offset and events.
Result<CheckReport> check(Disk& disk, const std::string& folder, const CheckProgress& progress);

}  // namespace cairn::journal
