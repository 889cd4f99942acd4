#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "seam/object_store.h"
#include "view/trail/digest.h"

namespace cairn::trail {

/// What the name of a digest object says.
struct DigestName {
    Time end{};
    bool backfill = false;
};

/// Empty when `key` is no digest of this trail. `name_start` is its key up to the time:
/// "FOLDER/.../ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_" without the date folders: what follows the last slash.
std::optional<DigestName> parse_digest_name(std::string_view key, std::string_view name_start);

/// A digest object taken apart, whatever it says.
struct ReadDigest {
    Digest digest;
    std::string end_text, previous_signature_text;  ///< as they are signed
    std::string hash;                               ///< of the uncompressed bytes
    std::string signature;                          ///< hex, from the metadata; empty when there is none
    std::optional<Time> backfilled;                 ///< from the metadata
    Time modified{};
    bool trailing = false;       ///< bytes follow the gzip member
    bool metadata_whole = true;  ///< signature and algorithm, and for backfill digests their time, are there
};

/// Errors: not_found; invalid, when it is no gzip, no JSON, or lacks a member that is needed; those of the store.
/// Blocks.
Result<ReadDigest> read_digest(ObjectStore& store, const std::string& bucket, const std::string& key);

}  // namespace cairn::trail
