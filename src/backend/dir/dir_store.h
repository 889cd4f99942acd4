#pragma once

#include <memory>
#include <string>

#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/meta_store.h"
#include "seam/object_retention.h"

namespace cairn {

/// Buckets in the folder `root` of `disk`: contents as plain files that a person can read, what belongs to them in
/// `meta` (docs/format/bucket.md). A read returns what the file holds, changed by hand or not: to find that is the work
/// of digests. Removes what a crash left half-written; sweep() does the rest. The disk, the meta store and the clock
/// outlive the store; one store at a time. Errors: those of the disk and of the meta store. Blocks.
Result<std::unique_ptr<EmbeddedStore>> open_dir_store(Disk& disk, const std::string& root, MetaStore& meta,
                                                      const Clock& clock);

/// The same, to be read only, beside a store that another process may have open: nothing is cleaned up.
std::unique_ptr<EmbeddedStore> read_dir_store(Disk& disk, const std::string& root, MetaStore& meta, const Clock& clock);

}  // namespace cairn
