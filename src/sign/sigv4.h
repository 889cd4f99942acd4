#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cairn::sign {

/// AWS Signature Version 4 (AWS General Reference, "Signing AWS API requests"), header form and query form.

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request as far as it is signed.
struct SignedParts {
    std::string_view method;
    std::string_view target;  ///< path and query as sent
    const Headers* headers = nullptr;
    std::string_view body_sha256_hex;  ///< what the last line of the canonical request holds
};

struct CredentialScope {
    std::string access_key_id, date, region, service;  ///< date: yyyymmdd
};

/// What an Authorization header or a signed query says, before anything is checked.
struct Presented {
    CredentialScope scope;
    std::vector<std::string> signed_headers;
    std::string signature;  ///< lower-case hex
    std::string amz_date;
    std::string security_token;           ///< empty when there is none
    std::optional<long> expires_seconds;  ///< query form only
    bool query_form = false;
    bool token_signed = true;  ///< query form: false leaves X-Amz-Security-Token out of the canonical query
};

enum class Problem {
    missing,     ///< no signature at all: MissingAuthenticationToken
    incomplete,  ///< Authorization malformed, or a needed part is not there: IncompleteSignature, message names it
    expired,  ///< clock skew or X-Amz-Expires passed: message begins "Signature expired" or "Signature not yet current"
    mismatch,  ///< SignatureDoesNotMatch
};

struct Refusal {
    Problem problem;
    std::string message;  ///< as AWS words it, with the dates that were compared
};

/// Reads the signature of a request. `headers` as received.
std::expected<Presented, Refusal> read_signature(const SignedParts& request);

struct VerifyOptions {
    std::chrono::seconds skew{300};
    bool normalize_path = true;  ///< all services but s3: "." and ".." are resolved, the path is encoded twice
};

/// Checks a read signature (of the query form with the session token signed or added afterwards) against the key's
/// secret at `now`. Constant time in the comparison. "x-amz-content-sha256" and the body hash are the caller's to
/// compare; host and x-amz-date (or date) must be among the signed headers.
std::expected<void, Refusal> verify(const SignedParts& request, const Presented& presented, std::string_view secret_key,
                                    Time now, const VerifyOptions& options = {});

std::string canonical_request(const SignedParts& request, const Presented& presented, bool normalize_path);
std::string string_to_sign(const Presented& presented, std::string_view canonical_request);

/// The signature of `string_to_sign` as 64 lower-case hex digits. The derived key is remembered by the calling thread.
std::string compute_signature(const CredentialScope& scope, std::string_view secret_key,
                              std::string_view string_to_sign);

struct Credentials {
    std::string access_key_id, secret_key, session_token;
};

/// The headers to add to a request (Authorization, X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token): header
/// form. `headers` must hold Host. `body_sha256_hex` may be "UNSIGNED-PAYLOAD".
Headers sign(const SignedParts& request, const Credentials& credentials, std::string_view region,
             std::string_view service, Time now, bool normalize_path = true);

/// The target to send instead of `request.target`: query form, valid for `expires` from `now`, all of `headers` signed.
std::string sign_query(const SignedParts& request, const Credentials& credentials, std::string_view region,
                       std::string_view service, Time now, std::chrono::seconds expires, bool normalize_path = true);

}  // namespace cairn::sign
