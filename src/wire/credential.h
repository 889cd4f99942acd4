#pragma once

#include <string>
#include <string_view>

#include "wire/call_head.h"

namespace cairn::wire {

/// Who a request claims to come from. Nothing is verified (sign/ does that), and what is malformed is read as far as it
/// goes: a recorder notes calls that a server will refuse. Signatures, tokens and bearer secrets are never copied.
struct Credential {
    enum class Scheme : unsigned char { anonymous, sigv2, sigv4, sigv4a, bearer, unknown };
    enum class Place : unsigned char { none, header, query, form };

    Scheme scheme = Scheme::anonymous;
    Place place = Place::none;
    std::string key_id;          ///< may hold '/' (MinIO's users)
    std::string date;            ///< yyyymmdd; empty but for SigV4 and SigV4a
    std::string region;          ///< SigV4a: the first of X-Amz-Region-Set, empty for "*"
    std::string service;         ///< signing name
    bool session_token = false;  ///< a session token is there: temporary credentials
};

/// SignatureVersion of additionalEventData: "SigV4", "SigV4A", "SigV2"; empty for others.
std::string_view signature_version(Credential::Scheme scheme);

/// AuthenticationMethod of additionalEventData: "AuthHeader", "QueryString"; empty for others.
std::string_view authentication_method(Credential::Place place);

/// Best source first: Authorization, the query, `form` (the fields of a form body; may be empty). Amazon S3
/// API reference, "Authenticating Requests"; AWS General Reference, "Signature Version 2".
Credential read_credential(const CallHead& call, const Parameters& query, const Parameters& form);

}  // namespace cairn::wire
