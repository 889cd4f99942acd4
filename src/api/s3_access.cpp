#include "api/s3_access.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/s3.h"

namespace cairn::api {

namespace {

using identity::AuthProblem;
using policy::Decision;
using wire::ApiError;

/// A URL signed in version 2, which is what many SDKs still make.
bool is_old_url(const S3Request& request) { return request.find("AWSAccessKeyId") && !request.find("X-Amz-Signature"); }

bool in_query(const S3Request& request) {
    return is_old_url(request) || request.find("X-Amz-Signature") || request.find("X-Amz-Credential") ||
           request.find("X-Amz-Algorithm");
}

/// Signature of version 2, which S3 took once.
bool is_old_signature(std::string_view authorization) { return authorization.starts_with("AWS "); }

enum class Form : std::uint8_t { header, query, old_url };

ApiError refused(const identity::AuthRefusal& refusal, Form form) {
    const bool query_form = form != Form::header;
    switch (refusal.problem) {
        case AuthProblem::missing: return wire::s3_fault("AccessDenied");
        case AuthProblem::incomplete:
            if (form == Form::old_url) return {"AccessDenied", refusal.message};
            return {query_form ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed", refusal.message};
        case AuthProblem::expired:
            return query_form ? ApiError{"AccessDenied", "Request has expired"}
                              : wire::s3_fault("RequestTimeTooSkewed");
        case AuthProblem::mismatch: return wire::s3_fault("SignatureDoesNotMatch");
        case AuthProblem::unknown_key:
        case AuthProblem::inactive_key: return wire::s3_fault("InvalidAccessKeyId");
        case AuthProblem::expired_key: return wire::s3_fault("ExpiredToken");
        case AuthProblem::body_mismatch: return wire::s3_fault("XAmzContentSHA256Mismatch");
        case AuthProblem::wrong_scope: return {"AuthorizationHeaderMalformed", refusal.message};
        case AuthProblem::unavailable: break;
    }
    return wire::s3_fault("ServiceUnavailable");
}

/// Condition keys of S3 and those of the request (Service Authorization Reference, "Actions, resources, and condition
/// keys for Amazon S3").
policy::Context context_of(const S3Call& s3) {
    const auto& request = s3.call.request;
    policy::Context context{{"aws:SecureTransport", request.tls ? "true" : "false"}};
    const auto add = [&](const char* key, std::string_view value) {
        if (!value.empty()) context.emplace_back(key, value);
    };
    add("aws:UserAgent", request.find("user-agent"));
    add("aws:Referer", request.find("referer"));
    add("s3:x-amz-content-sha256", request.find("x-amz-content-sha256"));
    if (!s3.anonymous) {
        add("s3:authType", in_query(s3.request) ? "REST-QUERY-STRING" : "REST-HEADER");
        add("s3:signatureversion", is_old_url(s3.request) ? "AWS" : "AWS4-HMAC-SHA256");
    }
    if (s3.bucket) {
        add("aws:ResourceAccount", s3.bucket->account);
        add("s3:ResourceAccount", s3.bucket->account);
    }
    for (const char* name : {"prefix", "delimiter", "max-keys"})
        if (const auto* value = s3.request.find(name)) context.emplace_back(std::string("s3:") + name, *value);
    return context;
}

struct Decisions {
    Decision identity = Decision::denied_implicitly;
    Decision bucket = Decision::denied_implicitly;
    bool named = false;  ///< the bucket's policy allows this very caller, not only its account
};

Decision by_identity(const S3Call& s3, const std::string& action, const std::string& resource,
                     const policy::Context& context) {
    if (s3.anonymous) return Decision::denied_implicitly;
    return identity::authorize(s3.call.caller.principal, action, resource, s3.call.request.peer_address, context);
}

Decisions decide(const S3Call& s3, const std::string& action, const std::string& resource) {
    const auto& principal = s3.call.caller.principal;
    const auto context = context_of(s3);
    Decisions made{.identity = by_identity(s3, action, resource, context)};
    if (!s3.bucket) return made;

    policy::Call call{action, resource, context};
    if (s3.anonymous)
        call.context.emplace_back("aws:SourceIp", s3.call.request.peer_address);
    else
        call.context = identity::context_of(principal, s3.call.request.peer_address, context);
    policy::Caller caller;
    if (!s3.anonymous) caller = {"", principal.account, principal.arn, identity::principal_arn(principal)};
    made.bucket = neighbour::Buckets::decide(*s3.bucket, caller, call);
    caller.account.clear();
    made.named =
        made.bucket == Decision::allowed && neighbour::Buckets::decide(*s3.bucket, caller, call) == Decision::allowed;
    return made;
}

bool is_owner_root(const S3Call& s3) {
    const auto& principal = s3.call.caller.principal;
    return !s3.anonymous && principal.type == identity::PrincipalType::root && principal.account == s3.bucket->account;
}

bool is_policy_action(std::string_view action) { return action.ends_with("BucketPolicy"); }

bool allowed(const S3Call& s3, const Decisions& made) {
    if (made.identity == Decision::denied_explicitly || made.bucket == Decision::denied_explicitly) return false;
    const bool by_identity = made.identity == Decision::allowed;
    if (!s3.bucket) return by_identity;
    if (s3.anonymous) return made.bucket == Decision::allowed;
    if (s3.account() == s3.bucket->account) return by_identity || made.named;
    return by_identity && made.bucket == Decision::allowed;
}

ApiError denied(const S3Call& s3, const Decisions& made, const std::string& action, const std::string& resource) {
    if (s3.anonymous) return wire::s3_fault("AccessDenied");
    const auto why =
        made.identity == Decision::denied_explicitly ? std::string("with an explicit deny in an identity-based policy")
        : made.bucket == Decision::denied_explicitly ? std::string("with an explicit deny in a resource-based policy")
        : made.identity == Decision::allowed
            ? fmt::format("because no resource-based policy allows the {} action", action)
            : fmt::format("because no identity-based policy allows the {} action", action);
    return {"AccessDenied", fmt::format("User: {} is not authorized to perform: {} on resource: \"{}\" {}",
                                        s3.call.caller.principal.arn, action, resource, why)};
}

}  // namespace

std::expected<void, ApiError> authenticate_s3(const Parts& parts, S3Call& s3) {
    const auto& request = s3.call.request;
    if (is_old_signature(request.find("authorization")))
        return std::unexpected(
            ApiError{"InvalidRequest",
                     "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."});
    const auto form = !request.find("authorization").empty() ? Form::header
                      : is_old_url(s3.request)               ? Form::old_url
                      : in_query(s3.request)                 ? Form::query
                                                             : Form::header;
    if (form == Form::query && !s3.request.find("X-Amz-Expires"))
        return std::unexpected(ApiError{"AuthorizationQueryParametersError",
                                        "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                                        "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
                                        "X-Amz-SignedHeaders, and X-Amz-Expires parameters."});
    auto found = parts.authenticate({.method = request.method,
                                     .target = request.target,
                                     .body = request.body,
                                     .headers = &request.headers,
                                     .peer_address = request.peer_address,
                                     .host_bucket = s3.request.in_host ? s3.request.bucket : std::string_view()},
                                    {"s3"}, false, true);
    if (found) {
        s3.call.caller = std::move(*found);
        return {};
    }
    s3.anonymous = found.error().problem == AuthProblem::missing;
    if (s3.anonymous) return {};
    return std::unexpected(refused(found.error(), form));
}

std::expected<void, ApiError> authorize_s3(const S3Call& s3, const std::string& action, const std::string& resource) {
    if (s3.bucket && is_policy_action(action) && is_owner_root(s3)) return {};
    const auto made = decide(s3, action, resource);
    if (allowed(s3, made)) return {};
    return std::unexpected(denied(s3, made, action, resource));
}

}  // namespace cairn::api
