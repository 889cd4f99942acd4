#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn {

/// The local disk below one root folder: the only way journal, admit, history and follow touch files. Paths are
/// relative to the root, with `/`. Implemented by backend/posix (real) and tests/support (in memory, which loses what
/// was not synced, tears writes and injects errors). All members may be called from any thread; one File is written
/// by one thread at a time. Errors: not_found, exhausted (no space), denied (read-only), unavailable (device error),
/// corrupt (a folder where a file should be), each naming the path.

/// An open file for positioned reads and writes.
class File {
public:
    virtual ~File() = default;

    /// Reads exactly `size` bytes. Blocks. Error: corrupt, when the file ends before.
    virtual Result<void> read(std::uint64_t offset, char* into, std::size_t size) const = 0;

    /// Writes all bytes, growing the file where needed. Blocks. Not durable before sync().
    virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;

    /// Makes all finished writes durable (fdatasync). Blocks. After an error nobody knows what is on disk.
    virtual Result<void> sync() = 0;

    /// Reserves space so that later writes below `size` neither fail for space nor change the file's length.
    virtual Result<void> preallocate(std::uint64_t size) = 0;

    virtual Result<void> truncate(std::uint64_t size) = 0;
    virtual Result<std::uint64_t> size() const = 0;
};

/// A whole file mapped for reading; the mapping stays valid when the file is removed. It has the length of the moment
/// it was made, and shows what is written within it later, unless the file grows. Pages come and go with memory.
class MappedFile {
public:
    virtual ~MappedFile() = default;
    virtual std::string_view bytes() const = 0;

    /// Hint that the range is needed soon; starts reading it, does not block.
    virtual void will_need(std::size_t offset, std::size_t size) const = 0;

    /// Hint that pages are read here and there from now on: the neighbours of one that is touched are not read with it.
    virtual void read_at_random() const {}
};

enum class OpenMode {
    read,        ///< must exist
    write,       ///< must exist; reads and writes
    create,      ///< made empty if absent; reads and writes
    create_new,  ///< must not exist (conflict); reads and writes
};

class Disk {
public:
    virtual ~Disk() = default;

    virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    virtual Result<std::shared_ptr<const MappedFile>> map(const std::string& path) = 0;

    virtual Result<void> make_folder(const std::string& path) = 0;  ///< with its parents; fine if it is there
    virtual Result<void> remove(const std::string& path) = 0;       ///< a file; not_found if absent
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  ///< atomic, replaces

    /// Makes creations, removals and renames in `folder` durable. Blocks.
    virtual Result<void> sync_folder(const std::string& folder) = 0;

    /// Names (not paths) of the files and folders directly in `folder`, sorted. An absent folder is empty; a file is
    /// not_found.
    virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;

    virtual Result<bool> exists(const std::string& path) const = 0;

    /// Bytes that can still be written on the device.
    virtual Result<std::uint64_t> free_bytes() const = 0;
};

/// Writes `bytes` so that after a crash `path` holds either the old or the new content: temporary file, sync, rename,
/// sync of the folder. Blocks.
Result<void> replace_file(Disk& disk, const std::string& path, std::string_view bytes);

/// The same for content that `write` hands over in pieces.
using WriteBytes = std::function<Result<void>(std::string_view bytes)>;
Result<void> replace_file(Disk& disk, const std::string& path,
                          const std::function<Result<void>(const WriteBytes&)>& write);

/// The whole content of a file. Blocks.
Result<std::string> read_file(Disk& disk, const std::string& path);

}  // namespace cairn
