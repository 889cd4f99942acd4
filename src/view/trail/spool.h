#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "seam/disk.h"
#include "view/trail/batch.h"

namespace cairn::trail {

/// The folder in which batches wait that are too large for memory. Nothing in it needs to survive the process.
class Spool {
public:
    /// The disk outlives it.
    Spool(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

    /// Removes what an earlier process left; after the first success it does nothing. To be called before the first
    /// batch, by one thread. Errors: those of the disk.
    Result<void> clear();

    /// A batch with a file of its own. Any thread.
    Batch batch() { return Batch(disk_, path(std::to_string(++number_))); }

private:
    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    Disk& disk_;
    const std::string folder_;
    bool cleared_ = false;
    std::atomic<std::uint64_t> number_{0};
};

}  // namespace cairn::trail
