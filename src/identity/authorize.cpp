#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "identity/authenticator.h"
#include "identity/ids.h"
#include "sign/text.h"

namespace cairn::identity {

namespace {

constexpr std::string_view account_key = "cairn:account";

const char* type_name(PrincipalType type) {
    switch (type) {
        case PrincipalType::root: return "Account";
        case PrincipalType::user: return "User";
        case PrincipalType::role_session: return "AssumedRole";
        case PrincipalType::ingest_token: return "IngestToken";
    }
    return "";
}

bool has_key(const policy::Context& context, std::string_view name) {
    return std::ranges::any_of(context,
                               [&](const auto& value) { return sign::equal_ignoring_case(value.first, name); });
}

}  // namespace

// IAM User Guide, "AWS global condition context keys".
std::string principal_arn(const Principal& principal) {
    if (principal.type != PrincipalType::role_session) return principal.arn;
    const auto begin = principal.arn.find('/');
    const auto end = principal.arn.rfind('/');
    return fmt::format("arn:aws:iam::{}:role{}", principal.account, principal.arn.substr(begin, end - begin));
}

policy::Context context_of(const Principal& principal, std::string_view source_ip, const policy::Context& more) {
    policy::Context context = {{"aws:PrincipalArn", principal_arn(principal)},
                               {"aws:PrincipalAccount", principal.account},
                               {"aws:PrincipalType", type_name(principal.type)},
                               {"aws:userid", principal.principal_id}};
    if (!source_ip.empty()) context.emplace_back("aws:SourceIp", source_ip);
    if (principal.type == PrincipalType::user) context.emplace_back("aws:username", principal.name);
    if (principal.authenticated != Time{}) {
        context.emplace_back("aws:CurrentTime", format_time(principal.authenticated));
        context.emplace_back("aws:EpochTime", std::to_string(to_milliseconds(principal.authenticated) / 1000));
    }
    // What is known of the principal cannot be said otherwise.
    const auto known = context;
    std::ranges::copy_if(more, std::back_inserter(context),
                         [&](const auto& value) { return !has_key(known, value.first); });
    if (!has_key(more, account_key)) context.emplace_back(account_key, principal.account);
    return context;
}

namespace {

/// The account of an ARN; empty when it names none.
std::string_view account_of(std::string_view arn) {
    if (!arn.starts_with("arn:")) return {};
    for (int part = 0; part < 4; ++part) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
    const auto account = arn.substr(0, arn.find(':'));
    return is_account_id(account) ? account : std::string_view();
}

/// Whether a call stays in the principal's own account.
bool stays_at_home(const Principal& principal, std::string_view resource, const policy::Context& more) {
    const auto owner = account_of(resource);
    return (owner.empty() || owner == principal.account) && std::ranges::all_of(more, [&](const auto& value) {
               return !sign::equal_ignoring_case(value.first, account_key) || value.second == principal.account;
           });
}

}  // namespace

policy::Decision authorize(const Principal& principal, const std::string& action, const std::string& resource,
                           std::string_view source_ip, const policy::Context& more) {
    if (!principal.operator_account && !stays_at_home(principal, resource, more))
        return policy::Decision::denied_implicitly;
    if (principal.type == PrincipalType::root) return policy::Decision::allowed;
    return policy::evaluate(principal.policies, {action, resource, context_of(principal, source_ip, more)});
}

namespace {

Scope compiled_scope(const Principal& principal, const std::string& action, std::string_view source_ip) {
    const auto home = principal.operator_account ? Scope::all() : Scope::of(principal.account, "");
    if (principal.type == PrincipalType::root) return home;
    const auto allowed = policy::compile_scope(principal.policies, {action, "*", context_of(principal, source_ip, {})});
    return principal.operator_account ? allowed : home.intersected(allowed);
}

}  // namespace

std::shared_ptr<const Scope> scope_of(const Principal& principal, const std::string& action,
                                      std::string_view source_ip) {
    if (!principal.scopes) return std::make_shared<const Scope>(compiled_scope(principal, action, source_ip));
    if (auto known = principal.scopes->find(action, principal.operator_account)) return known;
    return principal.scopes->remember(action, principal.operator_account, compiled_scope(principal, action, source_ip));
}

}  // namespace cairn::identity
