#pragma once

#include <memory>
#include <string>

#include "seam/object_store.h"

namespace cairn::cli {

/// A copy of a bucket in a folder, as `aws s3 sync` makes it, to be read only: the file PATH below `root` is the object
/// KEY_PREFIX + PATH of `bucket`. A copy has no metadata. Objects are read whole and without conditions. Lists are
/// walked as they are asked for: the memory they take does not depend on how many files there are. Errors besides those
/// of the seam: denied, for what would change something; invalid, "NotImplemented: ...".
std::unique_ptr<ObjectStore> read_folder_store(std::string root, std::string bucket, std::string key_prefix);

}  // namespace cairn::cli
