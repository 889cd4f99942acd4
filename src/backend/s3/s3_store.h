#pragma once

#include <memory>
#include <string>

#include "backend/s3/options.h"
#include "seam/clock.h"
#include "seam/credentials.h"
#include "seam/object_store.h"

namespace cairn {

/// The buckets of a real S3. Errors that may pass are tried again, up to the bounds of S3Options; then the last one is
/// returned. What is read whole is compared with its length, and with its checksum or MD5 where the server tells one.
class S3Store : public ObjectStore {
public:
    /// s3:GetBucketAcl: the bucket is there and lets us. Errors: as seam/object_store.h.
    virtual Result<void> get_bucket_acl(const std::string& bucket) = 0;

    /// AWS itself, not one of those who speak its language.
    virtual bool aws() const = 0;

    /// From now on nothing is tried again, and what is under way ends within seconds. For the end of the process.
    virtual void give_up() = 0;
};

/// Calls nobody yet. Credentials and clock outlive the store. Error: invalid, about the endpoint.
Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options, CredentialSource& credentials, const Clock& clock);

}  // namespace cairn
