#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"
#include "seam/meta_store.h"

namespace cairn::dir {

/// What lies in the folder of the buckets and belongs to no object, and objects whose content is not there.
struct BucketFinding {
    std::string path;  ///< below the root of the disk
    std::string what;
};

struct BucketReport {
    std::uint64_t objects = 0, tombstones = 0;
    std::vector<BucketFinding> findings;
};

/// Compares the files below `root` with the rows of `meta`, and reads all rows. Changes nothing; nobody writes
/// meanwhile. What the next start takes away is no finding. Takes eight bytes of memory for each object. Blocks for
/// long. Errors: those of both stores.
Result<BucketReport> check_buckets(Disk& disk, const std::string& root, MetaStore& meta);

}  // namespace cairn::dir
