#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sign/rsa.h"

namespace cairn::trail {

/// A delivered log file as a digest names it.
struct LoggedFile {
    std::string bucket, key;
    std::string hash;  ///< hex SHA-256 of the uncompressed content
    Time newest{}, oldest{};
};

/// The digest before, as the next one links to it.
struct PreviousDigest {
    std::string bucket, key;
    std::string hash;       ///< of the uncompressed digest
    std::string signature;  ///< hex
};

/// What a digest file says (CloudTrail user guide, "CloudTrail digest file structure").
struct Digest {
    std::string account;
    Time start{}, end{};  ///< whole seconds
    std::string bucket, key;
    std::string fingerprint;  ///< of the public key
    std::optional<PreviousDigest> previous;
    std::vector<LoggedFile> files;
};

/// Where a digest lies.
struct DigestPlace {
    std::string prefix;        ///< the trail's, without slashes at its ends; may be empty
    std::string organization;  ///< id, or empty
    std::string account, region, trail, home_region;
    Time end{};
};
std::string digest_key(const DigestPlace& place);

/// A signed digest ready to be stored.
struct SignedDigest {
    std::string json;       ///< to be stored as one gzip member
    std::string hash;       ///< hex SHA-256 of `json`
    std::string signature;  ///< hex; user metadata `signature`
};
inline constexpr std::string_view digest_algorithm = "SHA256withRSA";

/// The same digest and key give the same bytes.
SignedDigest sign_digest(const Digest& digest, const sign::RsaKey& key);

/// What is signed: end time, place, hash and previous signature, a line each (CloudTrail user guide, "Custom
/// implementations of CloudTrail log file integrity validation").
std::string text_to_sign(std::string_view end, std::string_view bucket, std::string_view key, std::string_view hash,
                         std::string_view previous_signature);

}  // namespace cairn::trail
