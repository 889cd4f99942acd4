#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn {

/// The folder `root` of the local file system as a Disk; made (mode 0700) with its parents if absent. Errors are those
/// of seam/disk.h: errno is mapped to a code and named in the message with the full path. Blocks.
Result<std::unique_ptr<Disk>> open_posix_disk(const std::string& root);

/// Held as long as it lives: no other process may work on the data folder. The kernel lets go of it when the process
/// dies, however it dies.
class FolderLock {
public:
    virtual ~FolderLock() = default;
};

/// Takes the lock of a data folder: file `LOCK` in it, which names its holder. Does not block.
/// Errors: conflict, "data directory X is in use by process PID (cairn on HOST)"; those of the disk.
Result<std::unique_ptr<FolderLock>> lock_data_folder(const std::string& root);

/// The same where nothing may be written, and without naming the new holder. A folder without `LOCK` is taken: nobody
/// has worked on it yet.
Result<std::unique_ptr<FolderLock>> lock_read_only_folder(const std::string& root);

}  // namespace cairn
