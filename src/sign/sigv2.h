#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sign/sigv4.h"

namespace cairn::sign {

/// AWS Signature Version 2 of S3 in the query of a URL (Amazon S3 user guide, "Signing and authenticating REST
/// requests", "Query string request authentication alternative"). botocore and the AWS CLI make presigned URLs in this
/// form for every endpoint that is not AWS's, unless told otherwise. The body is not signed.
struct PresignedV2 {
    std::string access_key_id;
    std::string signature;  ///< base64
    std::string security_token;
    std::string expires_text;  ///< seconds since 1970, as signed
    Time expires{};
};

/// Empty when the query does not name an access key in this form. Error: incomplete, when something else is missing.
std::expected<std::optional<PresignedV2>, Refusal> read_presigned_v2(std::string_view target);

/// Checks the signature and that `now` is not past its end. `host_bucket` is the bucket that the host names, in
/// virtual-host style. Constant time in the comparison.
std::expected<void, Refusal> verify_v2(const SignedParts& request, std::string_view host_bucket,
                                       const PresignedV2& presented, std::string_view secret_key, Time now);

/// The target to send instead of `request.target`, valid until `expires`.
std::string presign_v2(const SignedParts& request, std::string_view host_bucket, const Credentials& credentials,
                       Time expires);

}  // namespace cairn::sign
