#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/object_store.h"
#include "view/trail/signing_keys.h"

namespace cairn::trail {

/// What can be found in the bucket of a trail. Those up to log_trailing are found by `aws cloudtrail validate-logs`,
/// too, and have its words; the others only here.
enum class FindingKind : unsigned char {
    digest_signature,  ///< wrong, or its metadata is missing
    digest_format,
    digest_moved,
    digest_key_unknown,
    digest_key_unreadable,
    digest_missing,
    log_hash,
    log_missing,
    log_format,
    log_trailing,
    log_cut,            ///< the content is whole, the gzip member is not
    digest_trailing,    ///< bytes after the gzip member
    digest_key_period,  ///< the key was not valid when it signed
    digest_link_hash,   ///< the digest after it knows another content
    digest_link_signature,
    digest_unlinked,     ///< valid, but the digest after it names another one
    digest_run_missing,  ///< more than the one digest that is named is gone
    digest_time_hole,    ///< neighbours in one chain whose windows do not meet
    digest_unreadable,   ///< the store would not give it
    log_unreadable,
    log_unnamed,  ///< delivered while digests were written, and none names it
    log_in_two_digests,
    event_in_two_files,
    gap,              ///< no problem: a chain ended and another began later
    digest_unsigned,  ///< no problem: a copy without metadata, and no digest after it that holds the signature
};

/// "digest_signature" and so on.
std::string_view finding_name(FindingKind kind);

/// Something that does not fit together, not a remark.
bool is_problem(FindingKind kind);

struct Finding {
    FindingKind kind;
    std::string object;   ///< "s3://BUCKET/KEY"; empty for a gap
    std::string message;  ///< what is behind "INVALID: " in a line of the AWS CLI, or a line of its own
    bool backfill = false;
    friend bool operator==(const Finding&, const Finding&) = default;
};

/// Which digests are looked at: of one account and region, with an end in [from, to] or up to an hour after it.
struct ValidationRequest {
    std::string bucket, prefix, organization, account, region;
    std::string trail, home_region;
    Time from{}, to{};
    bool metadata_kept = true;  ///< false for a copy in a folder: signatures are taken from the digest after
    bool check_events = true;   ///< look for the same event in two files, too
    int threads = 2;
    /// Whether retention took away an object that is not there; called from several threads. Null: it never does.
    std::function<bool(const std::string& bucket, const std::string& key)> removed = {};
    std::size_t event_ids_max = std::size_t{4} << 20;  ///< held in memory, 16 bytes each
};

struct ValidationReport {
    struct Count {
        std::uint64_t valid = 0, invalid = 0;
        std::uint64_t all() const { return valid + invalid; }
    };
    Count digests, backfill_digests, logs;
    std::uint64_t removed_digests = 0, removed_logs = 0;  ///< named by a digest, and removed by retention
    std::uint64_t bytes = 0;                              ///< of log files, uncompressed
    std::optional<Time> found_from, found_to;             ///< what valid digests cover, within what was asked for
    std::vector<Finding> findings;                        ///< newest digest first

    std::uint64_t problems() const;
};

/// Every public key of a region that may have signed in a time, as ListPublicKeys answers.
using FindKeys = std::function<Result<std::vector<PublicKey>>(std::string_view region, Time from, Time to)>;

/// Digests done and known of, bytes of log files so far. Called from the calling thread.
using ValidationProgress = std::function<void(std::uint64_t done, std::uint64_t total, std::uint64_t bytes)>;

/// Validates digests and log files (CloudTrail user guide, "Validating CloudTrail log file integrity"). Changes
/// nothing. Holds a few log files at a time, a number for each, and event IDs up to the bound. Blocks for long. Errors:
/// those of listing and of `find_keys`; what single objects are wrong with is a finding.
Result<ValidationReport> validate(ObjectStore& store, const ValidationRequest& request, const FindKeys& find_keys,
                                  const ValidationProgress& progress = {});

}  // namespace cairn::trail
