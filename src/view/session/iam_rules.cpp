#include "view/session/iam_rules.h"

#include <utility>

#include "event/user_identity.h"
#include "view/session/members.h"

namespace cairn::session {

namespace {

void add_user(const Rule& rule, const Json& user) {
    UserFact fact{.account = rule.account(),
                  .name = std::string(text(user, "userName")),
                  .id = std::string(text(user, "userId")),
                  .arn = std::string(text(user, "arn"))};
    if (const auto read = read_principal_arn(fact.arn)) fact.account = read->account;
    if (!fact.name.empty() && !fact.arn.empty()) rule.facts.users.push_back(std::move(fact));
}

void add_role(const Rule& rule, const Json& role) {
    RoleFact fact{.account = rule.account(),
                  .name = std::string(text(role, "roleName")),
                  .id = std::string(text(role, "roleId")),
                  .arn = std::string(text(role, "arn"))};
    if (const auto read = read_principal_arn(fact.arn)) fact.account = read->account;
    if (!fact.name.empty() && !fact.arn.empty()) rule.facts.roles.push_back(std::move(fact));
}

void add_access_key(const Rule& rule, const Json& key, bool made_now) {
    KeyFact fact;
    fact.key_id = text(key, "accessKeyId");
    const auto user = text(key, "userName");
    if (user.empty()) return;
    fact.identity = JsonObject{{"type", "IAMUser"}, {"accountId", rule.account()}, {"userName", std::string(user)}};
    fact.evidence = Evidence::answer;
    fact.since = made_now ? rule.call.at : shown_time(member(key, "createDate"));
    fact.inactive = text(key, "status") == "Inactive";
    rule.add_key(std::move(fact));
}

}  // namespace

void caller_identity(const Rule& rule) {
    auto identity = user_identity_of_arn(text(rule.answer, "arn"), text(rule.answer, "userId"));
    if (rule.call.key_id.empty() || identity.is_null()) return;
    KeyFact fact;
    fact.key_id = rule.call.key_id;
    fact.temporary = identity.text("type") == "AssumedRole" || identity.text("type") == "FederatedUser";
    if (fact.temporary) fact.parent.kind = ParentKind::unknown;
    fact.identity = std::move(identity);
    fact.evidence = Evidence::caller_identity;
    rule.add_key(std::move(fact));
}

void one_user(const Rule& rule) {
    const auto& user = object(rule.answer, "user");
    add_user(rule, user);
    // Without a name it is the caller who is shown.
    if (rule.call.event_name != "GetUser" || member(rule.request, "userName") || rule.call.key_id.empty()) return;
    KeyFact fact;
    fact.key_id = rule.call.key_id;
    fact.identity = user_identity_of_arn(text(user, "arn"), text(user, "userId"));
    fact.evidence = Evidence::caller_identity;
    if (!fact.identity.is_null()) rule.add_key(std::move(fact));
}

void users(const Rule& rule) {
    for (const auto& user : list(rule.answer, "users")) add_user(rule, user);
}

void one_role(const Rule& rule) { add_role(rule, object(rule.answer, "role")); }

void roles(const Rule& rule) {
    for (const auto& role : list(rule.answer, "roles")) add_role(rule, role);
}

void made_access_key(const Rule& rule) { add_access_key(rule, object(rule.answer, "accessKey"), true); }

void access_keys(const Rule& rule) {
    for (const auto& key : list(rule.answer, "accessKeyMetadata")) add_access_key(rule, key, false);
}

void ended_key(const Rule& rule) {
    const auto key = text(rule.request, "accessKeyId");
    const bool update = rule.call.event_name == "UpdateAccessKey";
    const auto status = text(rule.request, "status");
    if (key.empty() || (update && status != "Inactive" && status != "Active")) return;
    rule.facts.ends.push_back({.key_id = std::string(key), .account = {}, .user = {}, .again = status == "Active"});
}

void ended_user(const Rule& rule) {
    if (const auto user = text(rule.request, "userName"); !user.empty())
        rule.facts.ends.push_back({.key_id = {}, .account = rule.account(), .user = std::string(user), .again = false});
}

}  // namespace cairn::session
