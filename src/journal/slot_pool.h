#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"

namespace cairn::journal {

/// A preallocated journal file, open and mapped. Readers of its blocks share it: while one does, it is not used again.
struct Slot {
    std::string path;
    std::uint64_t bytes = 0;
    std::unique_ptr<File> file;
    std::shared_ptr<const MappedFile> map;
};
using SlotPointer = std::shared_ptr<Slot>;

/// The journal files that hold nothing any more, to be used again. Members may be called from any thread.
class SlotPool {
public:
    /// `folder` is the log's; files are made in its folder `journal`.
    SlotPool(Disk& disk, std::string folder, std::uint64_t slot_bytes)
        : disk_(disk), folder_(std::move(folder)), slot_bytes_(slot_bytes) {}

    /// A file of at least `bytes` that nobody reads, made if there is none. Blocks when it is made. Errors: exhausted
    /// and others of the disk.
    Result<SlotPointer> take(std::uint64_t bytes);

    /// Gives a file back. It may still have readers.
    void give_back(SlotPointer slot);

    /// Makes a file if there is none to take. Blocks.
    Result<void> prepare();

    /// Removes free files beyond `count`. Blocks.
    Result<void> keep(std::size_t count);

    /// Tells of a file that exists, in use or not: its bytes count, its name is not given away.
    void know(const std::string& name, std::uint64_t bytes);

    /// Removes a known file that is of no use. Blocks.
    Result<void> discard(const std::string& path, std::uint64_t bytes);

    std::uint64_t slot_bytes() const { return slot_bytes_; }

    /// Bytes of all files, free and in use, and of those that can be taken.
    std::uint64_t bytes() const;
    std::uint64_t free_bytes() const;

private:
    Result<SlotPointer> make(std::uint64_t bytes);

    Disk& disk_;
    const std::string folder_;
    const std::uint64_t slot_bytes_;

    mutable std::mutex mutex_;
    std::vector<SlotPointer> free_;  // guarded by mutex_
    std::uint64_t bytes_ = 0;        // guarded by mutex_
    std::uint64_t next_name_ = 0;    // guarded by mutex_
};

}  // namespace cairn::journal
