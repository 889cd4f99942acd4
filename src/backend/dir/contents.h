#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/dir/object_row.h"
#include "base/result.h"
#include "seam/disk.h"
#include "seam/object_store.h"

namespace cairn::dir {

/// The contents of objects as files in the folder `root` of `disk`, which outlives it (docs/format/bucket.md). Knows
/// nothing of rows. Any thread; all block. Errors: those of the disk.
class Contents {
public:
    Contents(Disk& disk, std::string root) : disk_(disk), root_(std::move(root)) {}

    /// The path of a bucket's file, for remove() and exists().
    std::string path_of(const std::string& bucket, const std::string& file) const {
        return root_ + "/" + bucket + "/" + file;
    }

    Result<void> make_bucket(const std::string& bucket);

    /// Takes away what a crash left half written.
    Result<void> remove_half_written(const std::string& bucket);

    /// Writes the content, durable under a name that is not `used`, and returns that name.
    Result<std::string> write(const std::string& bucket, const std::string& key, std::string_view bytes,
                              const std::string& used);

    /// What the file holds now; writes of the same key and removes do not touch what is open.
    Result<std::unique_ptr<OpenObject>> open(const std::string& bucket, const ObjectRow& row);

    Result<bool> exists(const std::string& path) const { return disk_.exists(path); }

    /// Durable; fine if absent.
    Result<void> remove(const std::string& path);

private:
    Result<void> write_new(const std::string& path, std::string_view bytes);
    Result<std::string> place(const std::string& bucket, const std::string& key, const std::string& temporary,
                              const std::string& used);
    Result<void> move(const std::string& from, const std::string& to);

    Disk& disk_;
    const std::string root_;
    std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace cairn::dir
