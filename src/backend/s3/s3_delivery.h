#pragma once

#include <mutex>
#include <set>
#include <string>

#include "backend/s3/s3_store.h"
#include "seam/delivery_store.h"

namespace cairn {

/// Trails that deliver to a real S3, with cairn's own key there: what the bucket's policy allows is the server's to
/// say. Objects are written with the headers that CloudTrail sends (CloudTrail user guide, "Amazon S3 bucket policy for
/// CloudTrail", and "Encrypting CloudTrail log files with AWS KMS keys" for the encryption context).
///
/// Two things not every server has, and none needs: ACLs ("AccessControlListNotSupported", "NotImplemented") and SSE-S3
/// without a key service ("NotImplemented", "InvalidEncryptionAlgorithmError"); such a bucket gets its objects without
/// that header. SSE-KMS that a trail asks for is never left out. Of a key's ARN AWS gets all, other servers, which know
/// no ARNs, the id behind "key/".
class S3Delivery final : public DeliveryStore {
public:
    /// `store` outlives it.
    explicit S3Delivery(S3Store& store) : store_(store) {}

    Result<void> check(const DeliveryCaller& caller, const std::string& bucket) override;
    Result<void> put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                     const DeliveryObject& object) override;

private:
    bool left_out(const std::set<std::string>& buckets, const std::string& bucket);
    void leave_out(std::set<std::string>& buckets, const std::string& bucket, const char* what, const Error& reason);

    S3Store& store_;
    std::mutex mutex_;
    std::set<std::string> without_acl_, without_encryption_;  // guarded by mutex_
};

}  // namespace cairn
