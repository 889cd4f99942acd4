#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seam/object_store.h"
#include "view/trail/signing_keys.h"

namespace cairn::cli {

/// One trail's digests in one account and region.
struct FolderTrail {
    std::string prefix, organization, account, region;
    std::string trail, home_region;
    friend auto operator<=>(const FolderTrail&, const FolderTrail&) = default;
};

/// What a folder with a copy of a trail's bucket, or of a part of it, holds.
struct FolderContent {
    std::string bucket;
    std::string key_prefix;           ///< what comes before the path of a file in the key of its object
    std::vector<FolderTrail> trails;  ///< sorted
};

/// Finds the digests below `root`, and from what they say of themselves which bucket they are of. Blocks. Errors:
/// not_found, when there are none; invalid, when none lies where it says; unavailable.
Result<FolderContent> read_folder_content(const std::string& root);

/// The trails that have digests in a bucket of a store, below the folder `prefix` (empty: anywhere), sorted. Blocks.
/// Errors: not_found, when there are none; those of the store.
Result<std::vector<FolderTrail>> find_bucket_trails(ObjectStore& store, const std::string& bucket, std::string prefix);

/// The answer of `aws cloudtrail list-public-keys`, as JSON. Error: invalid, naming what is wrong.
Result<std::vector<trail::PublicKey>> parse_public_keys(std::string_view text);

}  // namespace cairn::cli
