#include "view/session/session_rules.h"

#include <utility>

#include "event/user_identity.h"
#include "view/session/members.h"

namespace cairn::session {

namespace {

KeyFact given_key(const Rule& rule, const Json& credentials) {
    KeyFact fact;
    fact.key_id = text(credentials, "accessKeyId");
    fact.evidence = Evidence::answer;
    fact.since = rule.call.at;
    fact.expires = shown_time(member(credentials, "expiration"));
    fact.temporary = true;
    return fact;
}

/// The caller's own identity in a session of its own.
Json same_with_session(const Rule& rule, bool mfa) {
    if (!rule.caller_is_known()) return {};
    Json identity = without_call(*rule.call.user_identity);
    if (!identity.find("sessionContext")) {
        SessionContext context;
        context.created = rule.call.at;
        context.mfa = mfa;
        identity.set("sessionContext", session_context(context));
    }
    return identity;
}

/// A session of a role, from what AssumeRole and its like answer.
Json session_of_role(const Rule& rule, const Json& assumed, const Parent& parent, bool mfa) {
    const auto arn = text(assumed, "arn");
    auto id = text(assumed, "assumedRoleId");
    if (id.empty()) id = text(assumed, "assumeRoleId");  // eks-auth spells it so
    const auto read = read_principal_arn(arn);
    if (!read || read->kind != PrincipalArn::Kind::assumed_role) return user_identity_of_arn(arn, id);
    SessionContext context;
    const auto asked = text(rule.request, "roleArn");
    const auto role = read_principal_arn(asked);
    context.issuer = {.type = "Role",
                      .principal_id = std::string(id.substr(0, id.find(':'))),
                      .arn = role && role->name == read->role ? std::string(asked) : std::string(),
                      .account = std::string(read->account),
                      .user_name = std::string(read->role)};
    if (parent.kind == ParentKind::subject) context.federated_provider = parent.provider;
    context.created = rule.call.at;
    context.mfa = mfa;
    context.source_identity = text(rule.answer, "sourceIdentity");
    if (context.source_identity.empty()) context.source_identity = text(rule.request, "sourceIdentity");
    return user_identity({.type = "AssumedRole",
                          .principal_id = std::string(id),
                          .arn = std::string(arn),
                          .account = std::string(read->account),
                          .user_name = {}},
                         &context);
}

/// Whom the identity provider vouched for.
Parent subject_of(const Rule& rule) {
    std::string name(text(rule.answer, "subjectFromWebIdentityToken"));
    if (name.empty()) name = text(rule.answer, "subject");
    if (name.empty() && rule.call.user_identity) name = rule.call.user_identity->text("userName");
    std::string provider(text(rule.answer, "provider"));
    if (provider.empty() && rule.call.user_identity) provider = rule.call.user_identity->text("identityProvider");
    if (provider.empty()) provider = text(rule.answer, "issuer");
    if (name.empty()) return {ParentKind::unknown, {}, {}};
    return {ParentKind::subject, std::move(name), std::move(provider)};
}

}  // namespace

void assume_role(const Rule& rule) {
    const auto name = rule.call.event_name;
    const bool by_subject = name == "AssumeRoleWithSAML" || name == "AssumeRoleWithWebIdentity";
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    fact.parent = by_subject ? subject_of(rule) : rule.caller();
    const bool mfa = member(rule.request, "serialNumber") != nullptr;
    const auto& assumed = object(rule.answer, "assumedRoleUser");
    if (!text(assumed, "arn").empty()) {
        fact.identity = session_of_role(rule, assumed, fact.parent, mfa);
    } else if (!by_subject) {
        fact.identity = same_with_session(rule, mfa);  // MinIO: the caller's own rights, no role
    } else if (fact.parent.kind == ParentKind::subject) {
        fact.identity = JsonObject{{"type", "WebIdentityUser"},
                                   {"principalId", fact.parent.provider + ":" + fact.parent.name},
                                   {"userName", fact.parent.name},
                                   {"identityProvider", fact.parent.provider}};
    }
    if (const auto* tags = member(rule.request, "tags")) fact.tags = to_text(*tags);
    if (const auto* tags = member(rule.request, "principalTags")) fact.tags = to_text(*tags);
    rule.add_key(std::move(fact));
}

void assume_role_of_minio(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    const bool directory = rule.call.event_name == "AssumeRoleWithLDAPIdentity";
    // Of a certificate neither request nor answer tells the subject.
    const std::string name(directory ? text(rule.request, "lDAPUsername") : text(rule.answer, "assumedUser"));
    const std::string provider = directory ? "ldap" : "custom token";
    fact.parent = name.empty() ? Parent{ParentKind::unknown, {}, {}} : Parent{ParentKind::subject, name, provider};
    if (!name.empty())
        fact.identity = JsonObject{{"type", "WebIdentityUser"},
                                   {"principalId", provider + ":" + name},
                                   {"userName", name},
                                   {"identityProvider", provider}};
    rule.add_key(std::move(fact));
}

void assume_root(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    fact.parent = rule.caller();
    const auto target = text(rule.request, "targetPrincipal");
    const auto read = read_principal_arn(target);
    const std::string account(read ? read->account : target);
    SessionContext context;
    context.created = rule.call.at;
    context.source_identity = text(rule.answer, "sourceIdentity");
    context.assumed_root = true;
    if (!account.empty())
        fact.identity = user_identity({.type = "Root",
                                       .principal_id = account,
                                       .arn = "arn:aws:iam::" + account + ":root",
                                       .account = account,
                                       .user_name = {}},
                                      &context);
    rule.add_key(std::move(fact));
}

void session_token(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    fact.parent = rule.caller();
    fact.identity = same_with_session(rule, member(rule.request, "serialNumber") != nullptr);
    rule.add_key(std::move(fact));
}

void federation_token(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    fact.parent = rule.caller();
    const auto& user = object(rule.answer, "federatedUser");
    const auto arn = text(user, "arn");
    const auto read = read_principal_arn(arn);
    if (read) {
        SessionContext context;
        context.created = rule.call.at;
        if (rule.caller_is_known()) {
            const auto& caller = *rule.call.user_identity;
            context.issuer = {.type = std::string(caller.text("type")),
                              .principal_id = std::string(caller.text("principalId")),
                              .arn = std::string(caller.text("arn")),
                              .account = std::string(caller.text("accountId")),
                              .user_name = std::string(caller.text("userName"))};
        }
        fact.identity = user_identity({.type = "FederatedUser",
                                       .principal_id = std::string(text(user, "federatedUserId")),
                                       .arn = std::string(arn),
                                       .account = std::string(read->account),
                                       .user_name = {}},
                                      &context);
    }
    rule.add_key(std::move(fact));
}

void role_credentials(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "roleCredentials"));
    const std::string account(text(rule.request, "accountId"));
    // Which user the access token stands for, and the role's full name, are not part of the call.
    fact.parent = {
        ParentKind::unknown, "IAM Identity Center, permission set " + std::string(text(rule.request, "roleName")), {}};
    if (!account.empty())
        fact.identity = user_identity(
            {.type = "AssumedRole", .principal_id = {}, .arn = {}, .account = account, .user_name = {}}, nullptr);
    rule.add_key(std::move(fact));
}

void identity_pool_credentials(const Rule& rule) {
    static constexpr const char* provider = "cognito-identity.amazonaws.com";
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    std::string id(text(rule.answer, "identityId"));
    if (id.empty()) id = text(rule.request, "identityId");
    fact.parent = {ParentKind::subject, id, provider};
    SessionContext context;
    context.federated_provider = provider;
    context.federated_attributes = {{std::string(provider) + ":sub", id}};
    context.created = rule.call.at;
    fact.identity = user_identity(
        {.type = "AssumedRole", .principal_id = {}, .arn = {}, .account = rule.account(), .user_name = {}}, &context);
    rule.add_key(std::move(fact));
}

void express_session(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    fact.parent = rule.caller();
    if (rule.caller_is_known()) fact.identity = without_call(*rule.call.user_identity);
    rule.add_key(std::move(fact));
}

void pod_identity(const Rule& rule) {
    auto fact = given_key(rule, object(rule.answer, "credentials"));
    const auto& pod = object(rule.answer, "subject");
    std::string name = "system:serviceaccount:";
    name.append(text(pod, "namespace")).append(":").append(text(pod, "serviceAccount"));
    fact.parent = {ParentKind::subject, std::move(name), std::string(text(rule.request, "clusterName"))};
    fact.identity = session_of_role(rule, object(rule.answer, "assumedRoleUser"), {}, false);
    rule.add_key(std::move(fact));
}

void certificate_session(const Rule& rule) {
    for (const auto& set : list(rule.answer, "credentialSet")) {
        auto fact = given_key(rule, object(set, "credentials"));
        const auto subject = text(rule.answer, "subjectArn");
        fact.parent = subject.empty() ? Parent{ParentKind::unknown, {}, {}}
                                      : Parent{ParentKind::subject, std::string(subject),
                                               std::string(text(rule.request, "trustAnchorArn"))};
        fact.identity = session_of_role(rule, object(set, "assumedRoleUser"), {}, false);
        rule.add_key(std::move(fact));
    }
}

}  // namespace cairn::session
