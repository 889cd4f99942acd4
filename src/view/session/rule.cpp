#include "view/session/rule.h"

#include <utility>

#include "event/user_identity.h"

namespace cairn::session {

std::string Rule::account() const {
    const auto own = call.user_identity ? call.user_identity->text("accountId") : std::string_view();
    return std::string(own.empty() || own == "ANONYMOUS_PRINCIPAL" ? call.account : own);
}

Parent Rule::caller() const {
    if (!call.key_id.empty()) return {ParentKind::key, std::string(call.key_id), {}};
    if (!call.user_identity) return {ParentKind::unknown, {}, {}};
    if (const auto service = call.user_identity->text("invokedBy"); !service.empty())
        return {ParentKind::service, std::string(service), {}};
    const auto arn = call.user_identity->text("arn");
    const auto id = arn.empty() ? call.user_identity->text("principalId") : arn;
    if (!id.empty()) return {ParentKind::principal, std::string(id), {}};
    return {ParentKind::unknown, {}, {}};
}

bool Rule::caller_is_known() const { return call.user_identity && is_somebody(*call.user_identity); }

void Rule::add_key(KeyFact fact) const {
    // moto answers GetSessionToken with the same long-term key for everybody.
    const bool of_itself = fact.parent.kind == ParentKind::key && fact.parent.name == fact.key_id;
    if (!fact.key_id.empty() && !of_itself) facts.keys.push_back(std::move(fact));
}

}  // namespace cairn::session
