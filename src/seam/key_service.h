#pragma once

#include <string>

#include "base/result.h"

namespace cairn {

/// A key as far as a trail asks.
struct KeyFacts {
    std::string arn;  ///< of the key itself, also when it was named by an alias
    bool enabled = false;
    bool symmetric = false;  ///< encrypts and decrypts with the same material, the only kind that S3 takes
};

/// Keys (KMS) as CloudTrail's service principal sees them. Any thread; all block.
/// Errors: not_found, denied, conflict (the key's state forbids it), invalid, unavailable; the message begins with the
/// KMS error code ("NotFoundException", "DisabledException") and ": ", unless there was no answer.
class KeyService {
public:
    virtual ~KeyService() = default;

    /// `key_arn` is that of a key or of an alias.
    virtual Result<KeyFacts> describe(const std::string& key_arn) = 0;

    /// Proves that files of a trail may be encrypted with the key, by having it make a data key that nobody keeps
    /// (CloudTrail user guide, "How AWS CloudTrail uses AWS KMS": the encryption context aws:cloudtrail:arn).
    virtual Result<void> prove_use(const std::string& key_arn, const std::string& trail_arn) = 0;
};

}  // namespace cairn
