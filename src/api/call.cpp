#include "api/call.h"

#include <fmt/format.h>

namespace cairn::api {

namespace {

constexpr std::string_view query_credential = "X-Amz-Credential";

wire::ApiError refused(const identity::AuthRefusal& refusal) {
    using identity::AuthProblem;
    const auto code = [&] {
        switch (refusal.problem) {
            case AuthProblem::missing: return "MissingAuthenticationTokenException";
            case AuthProblem::incomplete: return "IncompleteSignatureException";
            case AuthProblem::unknown_key:
            case AuthProblem::inactive_key: return "UnrecognizedClientException";
            case AuthProblem::expired_key: return "ExpiredTokenException";
            case AuthProblem::unavailable: return "ServiceUnavailable";
            case AuthProblem::expired:
            case AuthProblem::mismatch:
            case AuthProblem::body_mismatch:
            case AuthProblem::wrong_scope: break;
        }
        return "InvalidSignatureException";
    }();
    return {code, refusal.message};
}

}  // namespace

std::string claimed_service(const net::Request& request) {
    std::string scope;
    if (const auto authorization = request.find("authorization"); !authorization.empty()) {
        static constexpr std::string_view name = "Credential=";
        const auto begin = authorization.find(name);
        if (begin == std::string_view::npos) return {};
        const auto credential = authorization.substr(begin + name.size());
        scope = credential.substr(0, credential.find_first_of(", "));
    } else if (request.query().find(query_credential) != std::string_view::npos) {
        for (auto& [name, value] : net::parse_query(request.query()))
            if (name == query_credential) scope = std::move(value);
    }
    // KEY/DATE/REGION/SERVICE/aws4_request
    std::string_view rest = scope;
    for (int part = 0; part < 3; ++part) {
        const auto slash = rest.find('/');
        if (slash == std::string_view::npos) return {};
        rest.remove_prefix(slash + 1);
    }
    return std::string(rest.substr(0, rest.find('/')));
}

std::expected<void, wire::ApiError> authenticate(const Parts& parts, Call& call,
                                                 const std::vector<std::string_view>& services, bool bearer,
                                                 bool unsigned_payload) {
    const auto& request = call.request;
    auto found = parts.authenticate({.method = request.method,
                                     .target = request.target,
                                     .body = request.body,
                                     .headers = &request.headers,
                                     .peer_address = request.peer_address},
                                    services, bearer, unsigned_payload);
    if (!found) return std::unexpected(refused(found.error()));
    call.caller = std::move(*found);
    return {};
}

wire::ApiError access_denied(const Call& call, const std::string& action, const std::string& resource,
                             bool explicitly) {
    const auto reason = explicitly ? std::string("with an explicit deny in an identity-based policy")
                                   : fmt::format("because no identity-based policy allows the {} action", action);
    return {"AccessDeniedException", fmt::format("User: {} is not authorized to perform: {} on resource: {} {}",
                                                 call.caller.principal.arn, action, resource, reason)};
}

std::expected<void, wire::ApiError> authorize(const Call& call, const std::string& action, const std::string& resource,
                                              const policy::Context& more) {
    policy::Context context{{"cairn:account", call.caller.principal.account}, {"cairn:region", call.caller.region}};
    context.insert(context.end(), more.begin(), more.end());
    const auto decision =
        identity::authorize(call.caller.principal, action, resource, call.request.peer_address, context);
    if (decision == policy::Decision::allowed) return {};
    return std::unexpected(access_denied(call, action, resource, decision == policy::Decision::denied_explicitly));
}

std::expected<Json, wire::ApiError> read_body(const net::Request& request) {
    if (request.body.empty()) return Json(JsonObject());
    auto document = parse_json(request.body);
    if (!document)
        return std::unexpected(
            wire::ApiError{"SerializationException", "the body is not JSON: " + document.error().message});
    return std::move(*document);
}

}  // namespace cairn::api
