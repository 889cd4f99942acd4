#include "identity/principals.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json.h"
#include "base/log.h"

namespace cairn::identity {

namespace {

constexpr const char* keys_of_a_request[] = {"aws:SourceIp", "aws:CurrentTime", "aws:EpochTime"};

std::vector<policy::Policy> policies_or_none(const std::vector<std::string>& documents, const std::string& arn) {
    auto policies = parse_policies(documents);
    if (policies) return std::move(*policies);
    log_error("a principal may do nothing, for its policies cannot be read",
              {{"arn", arn}, {"reason", policies.error().message}});
    return {};
}

/// What an ingest token may do, said as a policy.
policy::Policy ingest_policy(const std::vector<std::string>& accounts) {
    Json statement = JsonObject{{"Effect", "Allow"}, {"Action", "cairn:Ingest"}, {"Resource", "*"}};
    if (std::ranges::find(accounts, "*") == accounts.end()) {
        JsonArray list;
        for (const auto& account : accounts) list.emplace_back(account);
        statement.set("Condition", JsonObject{{"StringEquals", JsonObject{{"cairn:account", std::move(list)}}}});
    }
    auto policy =
        policy::Policy::parse(to_text(JsonObject{{"Version", "2012-10-17"}, {"Statement", std::move(statement)}}));
    CAIRN_CHECK(policy);
    return std::move(*policy);
}

/// Scopes can be kept when no policy asks for what differs from request to request.
Principal remembering_scopes(Principal principal) {
    const auto& policies = principal.policies;
    const bool differs =
        std::ranges::any_of(keys_of_a_request, [&](const char* key) { return policy::asks_for(policies, key); });
    if (!differs) principal.scopes = std::make_shared<ScopeCache>();
    return principal;
}

}  // namespace

Result<std::vector<policy::Policy>> parse_policies(const std::vector<std::string>& documents) {
    std::vector<policy::Policy> policies;
    for (const auto& document : documents) {
        auto policy = policy::Policy::parse(document);
        if (!policy) return fail(std::move(policy).error());
        policies.push_back(std::move(*policy));
    }
    return policies;
}

Principal root_principal(const std::string& account, const std::string& key_id) {
    Principal principal;
    principal.type = PrincipalType::root;
    principal.account = account;
    principal.arn = fmt::format("arn:aws:iam::{}:root", account);
    principal.principal_id = account;
    principal.name = "root";
    principal.access_key_id = key_id;
    return remembering_scopes(std::move(principal));
}

Principal user_principal(const User& user, const std::string& key_id) {
    Principal principal;
    principal.type = PrincipalType::user;
    principal.account = user.account;
    principal.arn = fmt::format("arn:aws:iam::{}:user{}{}", user.account, user.path, user.name);
    principal.principal_id = user.id;
    principal.name = user.name;
    principal.access_key_id = key_id;
    principal.policies = policies_or_none(user.policies, principal.arn);
    return remembering_scopes(std::move(principal));
}

Principal session_principal(const std::string& account, const std::string& role, const std::string& role_id,
                            const std::string& session, const std::vector<std::string>& policies,
                            const std::string& key_id) {
    Principal principal;
    principal.type = PrincipalType::role_session;
    principal.account = account;
    principal.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role, session);
    principal.principal_id = role_id + ":" + session;
    principal.name = session;
    principal.access_key_id = key_id;
    principal.policies = policies_or_none(policies, principal.arn);
    return remembering_scopes(std::move(principal));
}

Principal token_principal(const AccessKey& token) {
    Principal principal;
    principal.type = PrincipalType::ingest_token;
    principal.account = token.account;
    principal.arn = fmt::format("arn:aws:cairn::{}:ingest-token/{}", token.account, token.id);
    principal.principal_id = token.id;
    principal.name = token.id;
    principal.access_key_id = token.id;
    // A token for no account may write nothing.
    if (!token.ingest_accounts.empty()) principal.policies = {ingest_policy(token.ingest_accounts)};
    return remembering_scopes(std::move(principal));
}

}  // namespace cairn::identity
