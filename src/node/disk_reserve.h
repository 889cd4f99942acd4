#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::node {

/// Space that retention can give back when a device is full: to let something go it must first write down that it does.
/// A file that holds nothing. Any thread.
class DiskReserve {
public:
    /// `disk` outlives it.
    DiskReserve(Disk& disk, std::string path, std::uint64_t bytes)
        : disk_(disk), path_(std::move(path)), bytes_(bytes) {}

    /// Takes the space, if it is free and not taken yet. Blocks.
    void fill();

    /// Does `work`; when that finds the device full, once more without the reserve, which is filled again after it.
    /// Blocks.
    Result<void> spend(const std::function<Result<void>()>& work);

private:
    Result<void> take();

    Disk& disk_;
    const std::string path_;
    const std::uint64_t bytes_;
    std::mutex mutex_;
};

}  // namespace cairn::node
