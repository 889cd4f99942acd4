#include "view/session/facts.h"

#include <algorithm>
#include <array>

#include "event/user_identity.h"
#include "view/session/iam_rules.h"
#include "view/session/session_rules.h"

namespace cairn::session {

namespace {

struct Known {
    std::string_view source, name;
    void (*rule)(const Rule&);
};
constexpr std::string_view sts = "sts.amazonaws.com", iam = "iam.amazonaws.com";
constexpr std::array rules = {
    Known{sts, "AssumeRole", assume_role},
    Known{sts, "AssumeRoleWithSAML", assume_role},
    Known{sts, "AssumeRoleWithWebIdentity", assume_role},
    Known{sts, "AssumeRoleWithCertificate", assume_role_of_minio},
    Known{sts, "AssumeRoleWithCustomToken", assume_role_of_minio},
    Known{sts, "AssumeRoleWithLDAPIdentity", assume_role_of_minio},
    Known{sts, "AssumeRoot", assume_root},
    Known{sts, "GetSessionToken", session_token},
    Known{sts, "GetFederationToken", federation_token},
    Known{sts, "GetCallerIdentity", caller_identity},
    Known{iam, "CreateUser", one_user},
    Known{iam, "GetUser", one_user},
    Known{iam, "ListUsers", users},
    Known{iam, "CreateRole", one_role},
    Known{iam, "GetRole", one_role},
    Known{iam, "ListRoles", roles},
    Known{iam, "CreateAccessKey", made_access_key},
    Known{iam, "ListAccessKeys", access_keys},
    Known{iam, "DeleteAccessKey", ended_key},
    Known{iam, "UpdateAccessKey", ended_key},
    Known{iam, "DeleteUser", ended_user},
    Known{"sso.amazonaws.com", "GetRoleCredentials", role_credentials},
    Known{"cognito-identity.amazonaws.com", "GetCredentialsForIdentity", identity_pool_credentials},
    Known{"s3.amazonaws.com", "CreateSession", express_session},
    Known{"s3express.amazonaws.com", "CreateSession", express_session},
    Known{"eks-auth.amazonaws.com", "AssumeRoleForPodIdentity", pod_identity},
    Known{"rolesanywhere.amazonaws.com", "CreateSession", certificate_session},
};

const Known* find_rule(std::string_view source, std::string_view name) {
    const auto* const found =
        std::ranges::find_if(rules, [&](const Known& known) { return known.source == source && known.name == name; });
    return found == rules.end() ? nullptr : found;
}

/// What the record says of its own caller.
void own_identity(const Observation& call, Facts& facts) {
    if (call.key_id.empty()) return;
    KeyFact fact;
    fact.key_id = call.key_id;
    if (call.user_identity && is_somebody(*call.user_identity)) {
        const auto& identity = *call.user_identity;
        fact.identity = without_call(identity);
        fact.evidence = call.from_trail ? Evidence::trail_record : Evidence::gateway_record;
        const auto type = identity.text("type");
        const bool long_term = call.key_id.starts_with("AKIA");  // whatever the console adds to it
        fact.temporary =
            type == "AssumedRole" || type == "FederatedUser" || (identity.find("sessionContext") && !long_term);
        if (fact.temporary) fact.parent.kind = ParentKind::unknown;
    }
    facts.keys.push_back(std::move(fact));
}

constexpr std::string_view refusal_text = " is not authorized to perform";

/// "User: arn:aws:iam::1:user/ana is not authorized to perform: ...", and EC2's, which has a sentence before it.
/// Nowhere else in a message: many repeat what the caller wrote.
void refused_caller(const Observation& call, Facts& facts) {
    static constexpr std::string_view ec2 = "You are not authorized to perform this operation. ", before = "User: ";
    if (call.key_id.empty() || !call.verified) return;
    auto rest = call.error_message;
    if (rest.starts_with(ec2)) rest.remove_prefix(ec2.size());
    if (!rest.starts_with(before)) return;
    rest.remove_prefix(before.size());
    const auto end = rest.find(refusal_text);
    if (end == std::string_view::npos) return;
    KeyFact fact;
    fact.key_id = call.key_id;
    fact.identity = user_identity_of_arn(rest.substr(0, end), {});
    fact.evidence = Evidence::refusal;
    const auto type = fact.identity.text("type");
    fact.temporary = type == "AssumedRole" || type == "FederatedUser";
    if (fact.temporary) fact.parent.kind = ParentKind::unknown;
    if (!fact.identity.is_null()) facts.keys.push_back(std::move(fact));
}

}  // namespace

bool tells_more(std::string_view event_source, std::string_view event_name, std::string_view error_code) {
    return error_code.empty() && find_rule(event_source, event_name) != nullptr;
}

bool name_tells_more(std::string_view event_name, bool has_answer) {
    return std::ranges::any_of(rules, [&](const Known& known) {
        return known.name == event_name && (has_answer || known.rule == ended_key || known.rule == ended_user);
    });
}

bool may_name_caller(std::string_view error_message) { return error_message.contains(refusal_text); }

Facts facts_of(const Observation& call) {
    Facts facts;
    own_identity(call, facts);
    if (!call.error_code.empty() || !call.error_message.empty()) {
        refused_caller(call, facts);
        return facts;
    }
    const auto* known = find_rule(call.event_source, call.event_name);
    if (!known) return facts;
    static const Json nothing;
    known->rule({.call = call,
                 .request = call.request_parameters ? *call.request_parameters : nothing,
                 .answer = call.answer ? *call.answer : nothing,
                 .facts = facts});
    return facts;
}

}  // namespace cairn::session
