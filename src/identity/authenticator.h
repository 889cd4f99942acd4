#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "identity/directory.h"
#include "sign/sigv2.h"
#include "sign/sigv4.h"

namespace cairn::identity {

/// Why a request has no principal, in terms that the caller's protocol spells in its own way.
enum class AuthProblem {
    missing,        ///< MissingAuthenticationToken
    incomplete,     ///< IncompleteSignature
    expired,        ///< clock skew: InvalidSignatureException / SignatureDoesNotMatch "Signature expired"
    mismatch,       ///< SignatureDoesNotMatch
    unknown_key,    ///< UnrecognizedClientException: "The security token included in the request is invalid."
    inactive_key,   ///< same answer as unknown_key
    expired_key,    ///< ExpiredTokenException: the session is over
    body_mismatch,  ///< x-amz-content-sha256 is not the hash of the body
    wrong_scope,    ///< credential scope names another service: "Credential should be scoped to correct service"
    unavailable,    ///< the directory cannot be read now: not the caller's fault, to be answered as InternalFailure
};

struct AuthRefusal {
    AuthProblem problem;
    std::string message;  ///< as AWS words it
};

struct Authenticated {
    Principal principal;
    std::string region;  ///< of the credential scope; empty for tokens
    std::string service;
};

struct IncomingRequest {
    std::string_view method, target, body;
    const sign::Headers* headers = nullptr;
    std::string_view peer_address;
    std::string_view host_bucket = {};  ///< of S3's virtual-host style: the bucket that the host names
};

struct AuthOptions {
    bool trust = false;  ///< signatures are taken unseen, unknown keys map to trust_account
    std::string trust_account;
    std::string default_region = "us-east-1";
};

class Authenticator {
public:
    Authenticator(Directory& directory, const Clock& clock, AuthOptions options);

    /// Checks the SigV4 header form for any of `services`, or, when `bearer`, "Authorization: Bearer TOKEN".
    /// Without x-amz-content-sha256 the body's hash is computed; with it, it is compared, but UNSIGNED-PAYLOAD is
    /// taken when `unsigned_payload`. As S3 does it for service `s3`: the query form too, whose body is unsigned, also
    /// of signature version 2; a clock that is 15 minutes off; any payload that the header says is unsigned or signed
    /// in chunks (what is in the chunks is not checked). A session token must be presented with temporary credentials,
    /// and with no others. A second Authorization header is refused. In trust mode nobody else is but holders of a
    /// disabled key. Any thread; blocks for the directory's store at times.
    std::expected<Authenticated, AuthRefusal> authenticate(const IncomingRequest& request,
                                                           const std::vector<std::string_view>& services, bool bearer,
                                                           bool unsigned_payload);

private:
    Directory& directory_;
    using Outcome = std::expected<Authenticated, AuthRefusal>;
    Outcome check(const IncomingRequest& request, const std::vector<std::string_view>& services, bool unsigned_payload);
    Outcome check_presigned_v2(const IncomingRequest& request, const sign::PresignedV2& presented);
    std::expected<KnownKey, AuthRefusal> find_active(const std::string& access_key_id, std::string_view session_token);
    Outcome check_token(std::string_view token);
    Outcome trust(const IncomingRequest& request, std::string_view token);
    Authenticated accept(Principal principal, std::string region, std::string service) const;

    const Clock& clock_;
    AuthOptions options_;
};

/// May `principal` do `action` on `resource` coming from `source_ip`? Root may do everything in its own account.
/// Policies see aws:SourceIp, aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType, aws:userid, aws:username
/// (users only), aws:CurrentTime, aws:EpochTime and what `more` adds; cairn:account is the principal's own unless
/// `more` names one.
policy::Decision authorize(const Principal& principal, const std::string& action, const std::string& resource,
                           std::string_view source_ip, const policy::Context& more = {});

/// What policies see as aws:PrincipalArn: of a session that of its role.
std::string principal_arn(const Principal& principal);

/// What policies see of a call, as for authorize(), which leaves nothing of `more` out but what is known of the
/// principal.
policy::Context context_of(const Principal& principal, std::string_view source_ip, const policy::Context& more);

/// The accounts and regions in which `principal` may do `action`. Principals of an ordinary account are always held to
/// their account; those of the operator account to what their policies say. Never null.
std::shared_ptr<const Scope> scope_of(const Principal& principal, const std::string& action,
                                      std::string_view source_ip);

}  // namespace cairn::identity
