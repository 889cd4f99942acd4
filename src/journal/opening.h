#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/archive.h"
#include "journal/commit_builder.h"
#include "journal/manifest.h"
#include "journal/slot_pool.h"
#include "journal/tail.h"
#include "seam/disk.h"

namespace cairn::journal {

/// A log as it was found on disk, put in order.
struct Opening {
    Manifest manifest;
    ArchiveViewPointer archive;
    std::deque<TailFilePointer> tail;
    std::vector<Finding> findings;  ///< everything that was wrong, acknowledged events lost or not
    FramePosition position;         ///< of the next frame
};

/// Finds out what is in the log's folder after a shutdown, a crash or damage, and puts it in order: what a crash left
/// of unacknowledged commits goes to `quarantine/`, files no manifest knows are removed (or quarantined when it is not
/// clear where they come from), free journal files go to `pool`. A new log is made in an empty folder. Can be
/// interrupted and repeated at any point. Blocks.
/// Errors: corrupt, when the manifest is missing or damaged in both copies; unavailable for a newer format; those of
/// the disk.
Result<Opening> open_log(Disk& disk, const std::string& folder, SlotPool& pool);

/// A journal file as found.
struct FoundSlot {
    std::string path;
    SlotPointer slot;
    SlotHeader header;
    bool live = false;
};

/// Reads the headers of all journal files. A damaged header is made good from the frames. Live ones (of generation
/// `first_generation` or later) come first, in order of generation. Changes nothing.
Result<std::vector<FoundSlot>> find_slots(Disk& disk, const std::string& folder, std::uint64_t first_generation,
                                          std::vector<Finding>& findings);

/// What the live files before `next` hold: the limits for scanning slots[index].
SlotLimits limits_of(const std::vector<FoundSlot>& slots, std::size_t index, const Manifest& manifest);

}  // namespace cairn::journal
