#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn {

/// The buckets of trails as CloudTrail's service principal sees them. Implemented by embedded buckets, which evaluate
/// the bucket's policy, and by a real S3. All members may be called from any thread; all block. Errors: not_found,
/// denied, exhausted and unavailable; the message begins with the S3 error code ("NoSuchBucket", "AccessDenied",
/// "SlowDown", "KMS.DisabledException") and ": ", unless there was no answer.

/// On whose behalf: what bucket policies see as aws:SourceArn and aws:SourceAccount.
struct DeliveryCaller {
    std::string trail_arn;
    std::string account;
};

/// Always written with Content-Type application/json, Content-Encoding gzip and ACL bucket-owner-full-control
/// (CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail").
struct DeliveryObject {
    std::string_view bytes;
    std::vector<std::pair<std::string, std::string>> metadata;  ///< names without x-amz-meta-
    std::optional<std::string> key_arn;                         ///< SSE-KMS with this key, else SSE-S3
};

class DeliveryStore {
public:
    virtual ~DeliveryStore() = default;

    /// s3:GetBucketAcl: the bucket is there and its policy knows us.
    virtual Result<void> check(const DeliveryCaller& caller, const std::string& bucket) = 0;

    /// Writes an object, durable on return; one that is there already is replaced.
    virtual Result<void> put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                             const DeliveryObject& object) = 0;
};

}  // namespace cairn
