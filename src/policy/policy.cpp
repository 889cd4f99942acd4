#include "policy/policy.h"

#include <algorithm>
#include <utility>

#include "policy/condition.h"
#include "policy/document.h"

namespace cairn::policy {

bool applies(const Statement& statement, std::string_view folded_action, const Call& call) {
    return statement.covers_action(folded_action) && statement.covers_resource(call.resource, call.context) &&
           std::ranges::all_of(statement.conditions, [&](const Condition& condition) {
               return statement.takes(condition.holds(call.context));
           });
}

namespace {

/// Adds a condition on cairn:account or cairn:region to `clause`. False when it cannot hold for any event.
bool add_open_condition(const Statement& statement, const Condition& condition, const Context& context,
                        Scope::Clause& clause) {
    // Every event has an account and a region, if an empty one.
    if (condition.how.kind == Operator::Kind::null) return !std::get<bool>(condition.operands.front());

    auto wanted = open_patterns(condition, context);
    const bool account = condition.key == account_key;
    if (condition.how.negated) {
        // An excluded pattern without a value leaves doubt about all events but those that another one excludes.
        if (!wanted.complete && statement.allow) return false;
        auto& excluded = account ? clause.not_accounts : clause.not_regions;
        excluded.insert(excluded.end(), wanted.patterns.begin(), wanted.patterns.end());
        return true;
    }
    if (wanted.patterns.empty()) return false;
    Scope::Clause needed;
    (account ? needed.accounts : needed.regions) = std::move(wanted.patterns);
    auto& patterns = account ? clause.accounts : clause.regions;
    if (patterns.empty())
        patterns = account ? std::move(needed.accounts) : std::move(needed.regions);
    else
        clause.also.push_back(std::move(needed));
    return true;
}

/// For which events a statement applies. Empty: for none.
std::optional<Scope::Clause> clause_of(const Statement& statement, std::string_view folded_action, const Call& call) {
    if (!statement.covers_action(folded_action) || !statement.covers_resource(call.resource, call.context))
        return std::nullopt;
    Scope::Clause clause;
    for (const auto& condition : statement.conditions) {
        const bool possible = is_open_key(condition.key)
                                  ? add_open_condition(statement, condition, call.context, clause)
                                  : statement.takes(condition.holds(call.context));
        if (!possible) return std::nullopt;
    }
    return clause;
}

bool mentions(const Condition::Operand& operand, std::string_view folded_key) {
    const auto* pattern = std::get_if<Pattern>(&operand);
    return pattern && pattern->mentions(folded_key);
}

bool mentions(const Statement& statement, std::string_view folded_key) {
    const auto condition_does = [&](const Condition& condition) {
        return condition.key == folded_key || std::ranges::any_of(condition.operands, [&](const auto& operand) {
                   return mentions(operand, folded_key);
               });
    };
    return std::ranges::any_of(statement.conditions, condition_does) ||
           std::ranges::any_of(statement.resources,
                               [&](const Pattern& resource) { return resource.mentions(folded_key); });
}

}  // namespace

bool Statement::covers_action(std::string_view folded_action) const {
    const auto matches = [&](const Glob& action) { return action.matches(folded_action); };
    return std::ranges::any_of(actions, matches) != all_actions_but;
}

bool Statement::covers_resource(std::string_view resource, const Context& context) const {
    bool left_out = false;
    for (const auto& pattern : resources) {
        const bool arn = pattern.source().starts_with("arn:");
        const auto matched = pattern.satisfies(
            context, [&](const Glob& glob) { return arn ? glob.matches_arn(resource) : glob.matches(resource); });
        if (matched.value_or(false)) return !all_resources_but;
        left_out |= !matched;
    }
    return all_resources_but && takes(left_out ? Answer::unknown : Answer::yes);
}

Result<Policy> Policy::parse(std::string_view json) {
    auto document = parse_document(json);
    if (!document) return fail(std::move(document).error());
    return Policy(std::make_shared<const Document>(std::move(*document)));
}

Decision evaluate(const std::vector<Policy>& policies, const Call& call) {
    const auto action = folded(call.action);
    auto decision = Decision::denied_implicitly;
    for (const auto& policy : policies) {
        for (const auto& statement : policy.document().statements) {
            if (!applies(statement, action, call)) continue;
            if (!statement.allow) return Decision::denied_explicitly;
            decision = Decision::allowed;
        }
    }
    return decision;
}

bool asks_for(const std::vector<Policy>& policies, std::string_view name) {
    const auto key = folded(name);
    return std::ranges::any_of(policies, [&](const Policy& policy) {
        return std::ranges::any_of(policy.document().statements,
                                   [&](const Statement& statement) { return mentions(statement, key); });
    });
}

Scope compile_scope(const std::vector<Policy>& policies, const Call& call) {
    auto open_call = call;
    std::erase_if(open_call.context, [](const auto& value) { return is_open_key(folded(value.first)); });

    const auto action = folded(call.action);
    Scope scope;
    for (const auto& policy : policies) {
        for (const auto& statement : policy.document().statements) {
            auto clause = clause_of(statement, action, open_call);
            if (!clause) continue;
            if (statement.allow)
                scope.allow(std::move(*clause));
            else
                scope.deny(std::move(*clause));
        }
    }
    return scope;
}

}  // namespace cairn::policy
