#include "identity/authenticator.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "identity/principals.h"
#include "sign/digest.h"
#include "sign/text.h"

namespace cairn::identity {

namespace {

constexpr std::string_view hash_header = "x-amz-content-sha256";
constexpr std::string_view unsigned_payload_text = "UNSIGNED-PAYLOAD";
constexpr std::string_view chunked_payload_prefix = "STREAMING-";
constexpr std::string_view s3 = "s3";
constexpr std::chrono::minutes s3_skew{15};
constexpr const char* expired_key_message = "The security token included in the request is expired";
constexpr const char* unknown_key_message = "The security token included in the request is invalid.";

std::string_view header_of(const sign::Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers)
        if (sign::equal_ignoring_case(key, name)) return sign::trimmed(value);
    return {};
}

bool has_one_authorization_at_most(const sign::Headers& headers) {
    return std::ranges::count_if(headers, [](const auto& header) {
               return sign::equal_ignoring_case(header.first, "authorization");
           }) <= 1;
}

/// The token of "Authorization: Bearer TOKEN" (RFC 6750 section 2.1), or empty.
std::string_view bearer_token(const sign::Headers& headers) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = header_of(headers, "authorization");
    if (!sign::equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return {};
    return sign::trimmed(value.substr(scheme.size()));
}

bool contains(const std::vector<std::string_view>& services, std::string_view service) {
    return std::ranges::find(services, service) != services.end();
}

std::unexpected<AuthRefusal> refuse(AuthProblem problem, std::string message) {
    return std::unexpected(AuthRefusal{problem, std::move(message)});
}

std::unexpected<AuthRefusal> refuse_unknown() { return refuse(AuthProblem::unknown_key, unknown_key_message); }

std::unexpected<AuthRefusal> refuse(sign::Refusal refusal) {
    switch (refusal.problem) {
        case sign::Problem::missing: return refuse(AuthProblem::missing, std::move(refusal.message));
        case sign::Problem::incomplete: return refuse(AuthProblem::incomplete, std::move(refusal.message));
        case sign::Problem::expired: return refuse(AuthProblem::expired, std::move(refusal.message));
        case sign::Problem::mismatch: return refuse(AuthProblem::mismatch, std::move(refusal.message));
    }
    CAIRN_CHECK(false);
    return refuse_unknown();
}

std::unexpected<AuthRefusal> refuse_lookup(const Error& error) {
    if (error.code == Code::not_found) return refuse_unknown();
    log_error("a key cannot be looked up", {{"reason", error.message}});
    return refuse(AuthProblem::unavailable, "The credentials cannot be checked at the moment. Please try again later.");
}

/// What the last line of the canonical request must be for the signature to fit.
std::string signed_hash(std::string_view header, std::string_view body, bool query_form) {
    if (!header.empty()) return std::string(header);
    return query_form ? std::string(unsigned_payload_text) : sign::sha256_hex(body);
}

std::expected<void, AuthRefusal> check_body(std::string_view header, std::string_view body, bool unsigned_payload,
                                            bool chunked_payload) {
    if (header.empty()) return {};
    if (header.starts_with(chunked_payload_prefix) && chunked_payload) return {};
    if (header == unsigned_payload_text && unsigned_payload) return {};
    if (header.size() == 64 && sign::equal_in_constant_time(sign::lower_case(header), sign::sha256_hex(body)))
        return {};
    return refuse(AuthProblem::body_mismatch,
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

}  // namespace

Authenticator::Authenticator(Directory& directory, const Clock& clock, AuthOptions options)
    : directory_(directory), clock_(clock), options_(std::move(options)) {}

Authenticated Authenticator::accept(Principal principal, std::string region, std::string service) const {
    principal.authenticated = clock_.now();
    return {std::move(principal), std::move(region), std::move(service)};
}

Authenticator::Outcome Authenticator::check_token(std::string_view token) {
    auto found = directory_.find_token(token);
    if (!found) return refuse_lookup(found.error());
    if (!found->active) return refuse(AuthProblem::inactive_key, unknown_key_message);
    return accept(std::move(found->principal), {}, {});
}

Authenticator::Outcome Authenticator::check_presigned_v2(const IncomingRequest& request,
                                                         const sign::PresignedV2& presented) {
    auto found = find_active(presented.access_key_id, presented.security_token);
    if (!found) return std::unexpected(std::move(found).error());
    const sign::SignedParts parts{request.method, request.target, request.headers, {}};
    if (auto fits = sign::verify_v2(parts, request.host_bucket, presented, found->secret, clock_.now()); !fits)
        return refuse(std::move(fits).error());
    return accept(std::move(found->principal), options_.default_region, std::string(s3));
}

std::expected<KnownKey, AuthRefusal> Authenticator::find_active(const std::string& access_key_id,
                                                                std::string_view session_token) {
    auto found = directory_.find(access_key_id);
    if (!found) return refuse_lookup(found.error());
    if (!found->active) return refuse(AuthProblem::inactive_key, unknown_key_message);
    if (!sign::equal_in_constant_time(found->session_token, session_token)) return refuse_unknown();
    if (found->expires != Time{} && found->expires <= clock_.now())
        return refuse(AuthProblem::expired_key, expired_key_message);
    return *std::move(found);
}

Authenticator::Outcome Authenticator::check(const IncomingRequest& request,
                                            const std::vector<std::string_view>& services, bool unsigned_payload) {
    auto presented = sign::read_signature({request.method, request.target, request.headers, {}});
    if (!presented && presented.error().problem == sign::Problem::missing && contains(services, s3)) {
        const auto old = sign::read_presigned_v2(request.target);
        if (!old) return refuse(old.error());
        if (*old) return check_presigned_v2(request, **old);
    }
    if (!presented) return refuse(std::move(presented).error());
    const auto& scope = presented->scope;
    const bool for_s3 = scope.service == s3;
    if (presented->query_form && !for_s3)
        return refuse(AuthProblem::incomplete, "This service takes the signature in the Authorization header only.");
    const auto header = header_of(*request.headers, hash_header);
    const auto hash = signed_hash(header, request.body, presented->query_form);
    const sign::SignedParts parts{request.method, request.target, request.headers, hash};
    if (!contains(services, scope.service))
        return refuse(AuthProblem::wrong_scope, fmt::format("Credential should be scoped to correct service: '{}'.",
                                                            services.empty() ? "" : services.front()));
    auto found = find_active(scope.access_key_id, presented->security_token);
    if (!found) return std::unexpected(std::move(found).error());
    const sign::VerifyOptions options{.skew = for_s3 ? s3_skew : sign::VerifyOptions().skew, .normalize_path = !for_s3};
    if (auto fits = sign::verify(parts, *presented, found->secret, clock_.now(), options); !fits)
        return refuse(std::move(fits).error());
    if (auto same = check_body(header, request.body, unsigned_payload || for_s3, for_s3); !same)
        return std::unexpected(std::move(same).error());
    return accept(std::move(found->principal), scope.region, scope.service);
}

Authenticator::Outcome Authenticator::trust(const IncomingRequest& request, std::string_view token) {
    sign::CredentialScope scope;
    if (token.empty()) {
        if (auto presented = sign::read_signature({request.method, request.target, request.headers, {}}); presented)
            scope = std::move(presented->scope);
        else if (auto old = sign::read_presigned_v2(request.target); old && *old)
            scope.access_key_id = std::move((*old)->access_key_id);
    }
    if (scope.region.empty()) scope.region = options_.default_region;

    const auto found = token.empty() ? directory_.find(scope.access_key_id) : directory_.find_token(token);
    if (found && !found->active) return refuse(AuthProblem::inactive_key, unknown_key_message);
    if (found && found->expires != Time{} && found->expires <= clock_.now())
        return refuse(AuthProblem::expired_key, expired_key_message);
    if (found) return accept(found->principal, scope.region, scope.service);
    auto principal = root_principal(options_.trust_account, scope.access_key_id);
    // Whoever is trusted to be anyone is trusted with every account.
    principal.operator_account = true;
    return accept(std::move(principal), scope.region, scope.service);
}

Authenticator::Outcome Authenticator::authenticate(const IncomingRequest& request,
                                                   const std::vector<std::string_view>& services, bool bearer,
                                                   bool unsigned_payload) {
    CAIRN_CHECK(request.headers != nullptr);
    // Whoever stands in front may look at another one than cairn does.
    if (!has_one_authorization_at_most(*request.headers))
        return refuse(AuthProblem::incomplete, "The request has more than one Authorization header.");
    const auto token = bearer ? bearer_token(*request.headers) : std::string_view();
    if (!options_.trust) return token.empty() ? check(request, services, unsigned_payload) : check_token(token);
    return trust(request, token);
}

}  // namespace cairn::identity
