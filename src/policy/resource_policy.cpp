#include "policy/resource_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/document.h"

namespace cairn::policy {

namespace {

bool names_account(const std::string& name, std::string_view account) {
    return name == account || name == fmt::format("arn:aws:iam::{}:root", account);
}

bool names_service(const Principals& principals, const Caller& caller) {
    if (std::ranges::find(principals.services, caller.service) != principals.services.end()) return true;
    return std::ranges::any_of(principals.aws, [&](const std::string& name) {
        return std::ranges::any_of(caller.service_accounts,
                                   [&](std::string_view account) { return names_account(name, account); });
    });
}

bool names(const Principals& principals, const Caller& caller) {
    if (principals.anyone) return true;
    if (!caller.service.empty()) return names_service(principals, caller);
    return std::ranges::any_of(principals.aws, [&](const std::string& name) {
        return names_account(name, caller.account) || name == caller.arn ||
               (!caller.role_arn.empty() && name == caller.role_arn);
    });
}

}  // namespace

Result<ResourcePolicy> ResourcePolicy::parse(std::string_view json) {
    auto document = parse_document(json, DocumentKind::resource);
    if (!document) return fail(std::move(document).error());
    return ResourcePolicy(std::make_shared<const Document>(std::move(*document)));
}

Decision ResourcePolicy::evaluate(const Caller& caller, const Call& call) const {
    const auto action = folded(call.action);
    auto decision = Decision::denied_implicitly;
    for (const auto& statement : document_->statements) {
        if (names(statement.principals, caller) == statement.principals.all_but || !applies(statement, action, call))
            continue;
        if (!statement.allow) return Decision::denied_explicitly;
        decision = Decision::allowed;
    }
    return decision;
}

bool ResourcePolicy::is_public() const {
    return std::ranges::any_of(document_->statements, [](const Statement& statement) {
        return statement.allow && (statement.principals.anyone || statement.principals.all_but) &&
               statement.conditions.empty();
    });
}

}  // namespace cairn::policy
