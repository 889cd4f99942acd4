#include "policy/document.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/json.h"

namespace cairn::policy {

namespace {

using Texts = std::vector<std::string>;

/// A string, or a list of at least one.
Result<Texts> texts_of(const Json& value) {
    if (value.is_string()) return Texts{value.as_string()};
    Texts texts;
    for (const auto& item : value.as_array()) {
        if (!item.is_string()) return fail(Code::invalid, "holds something that is not text");
        texts.push_back(item.as_string());
    }
    if (texts.empty()) return fail(Code::invalid, "is neither text nor a list of texts");
    return texts;
}

Result<void> check_members(const JsonObject& object, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : object) {
        const auto is_name = [&](std::string_view other) { return other == name; };
        if (std::ranges::none_of(known, is_name))
            return fail(Code::invalid, fmt::format("unknown member \"{}\"", name));
        if (value.is_null()) return fail(Code::invalid, fmt::format("{} is null", name));
    }
    return {};
}

Result<std::string> optional_text(const Json& object, std::string_view name) {
    const auto* value = object.find(name);
    if (!value) return std::string();
    if (!value->is_string()) return fail(Code::invalid, fmt::format("{} is not text", name));
    return value->as_string();
}

/// The member that is there of `plain` and `negated`; both or none is an error.
Result<std::pair<const Json*, bool>> either(const Json& statement, std::string_view plain, std::string_view negated) {
    const auto* one = statement.find(plain);
    const auto* other = statement.find(negated);
    if ((one == nullptr) == (other == nullptr))
        return fail(Code::invalid, fmt::format("it must have either {} or {}", plain, negated));
    return std::pair(one ? one : other, one == nullptr);
}

Result<void> check_action(std::string_view action) {
    const auto colon = action.find(':');
    if (action == "*" || (colon != std::string_view::npos && colon > 0 && colon + 1 < action.size())) return {};
    return fail(Code::invalid, fmt::format("Action \"{}\" is neither \"*\" nor of the form service:name", action));
}

Result<void> read_actions(const Json& json, Statement& statement) {
    const auto member = either(json, "Action", "NotAction");
    if (!member) return fail(member.error());
    const auto actions = texts_of(*member->first);
    if (!actions) return fail(Code::invalid, "Action " + actions.error().message);
    statement.all_actions_but = member->second;
    for (const auto& action : *actions) {
        CAIRN_TRY(check_action(action));
        statement.actions.emplace_back().add_with_wildcards(folded(action));
    }
    return {};
}

bool looks_like_resource(std::string_view text) {
    return text.starts_with("arn:") || text.starts_with("*") || text.starts_with("?") || text.starts_with("${");
}

Result<void> read_resources(const Json& json, bool variables, Statement& statement) {
    const auto member = either(json, "Resource", "NotResource");
    if (!member) return fail(member.error());
    const auto resources = texts_of(*member->first);
    if (!resources) return fail(Code::invalid, "Resource " + resources.error().message);
    statement.all_resources_but = member->second;
    for (const auto& resource : *resources) {
        if (!looks_like_resource(resource))
            return fail(Code::invalid, fmt::format("Resource \"{}\" is neither an ARN nor \"*\"", resource));
        auto pattern = Pattern::parse(resource, {.wildcards = true, .variables = variables});
        if (!pattern) return fail(Code::invalid, "Resource: " + pattern.error().message);
        if (pattern->mentions(account_key) || pattern->mentions(region_key))
            return fail(Code::invalid, "Resource: ${cairn:account} and ${cairn:region} are no variables");
        statement.resources.push_back(std::move(*pattern));
    }
    return {};
}

Result<void> read_conditions(const Json& json, bool variables, Statement& statement) {
    const auto* block = json.find("Condition");
    if (!block) return {};
    if (!block->is_object()) return fail(Code::invalid, "Condition is not an object");
    for (const auto& [name, keys] : block->as_object()) {
        const auto how = parse_operator(name);
        if (!how) return fail(how.error());
        if (!keys.is_object()) return fail(Code::invalid, fmt::format("condition {} is not an object", name));
        for (const auto& [key, values] : keys.as_object()) {
            if (key.empty()) return fail(Code::invalid, fmt::format("condition {} has a key without a name", name));
            auto condition = parse_condition(name, *how, key, values, variables);
            if (!condition) return fail(std::move(condition).error());
            statement.conditions.push_back(std::move(*condition));
        }
    }
    return {};
}

/// The members of a Principal that say who; federated and canonical users are nobody that cairn knows.
Result<void> read_principal_kinds(const Json& json, Principals& principals) {
    CAIRN_TRY(check_members(json.as_object(), {"AWS", "Service", "Federated", "CanonicalUser"}));
    if (json.as_object().empty()) return fail(Code::invalid, "Principal names nobody");
    for (const auto& [kind, value] : json.as_object()) {
        const auto names = texts_of(value);
        if (!names) return fail(Code::invalid, fmt::format("Principal, {}: {}", kind, names.error().message));
        for (const auto& name : *names) {
            if (kind == "AWS" && name == "*")
                principals.anyone = true;
            else if (kind == "AWS")
                principals.aws.push_back(name);
            else if (kind == "Service")
                principals.services.push_back(name);
        }
    }
    return {};
}

Result<void> read_principals(const Json& json, Statement& statement) {
    const auto member = either(json, "Principal", "NotPrincipal");
    if (!member) return fail(member.error());
    auto& principals = statement.principals;
    principals.all_but = member->second;
    if (member->first->is_object()) return read_principal_kinds(*member->first, principals);
    if (!member->first->is_string() || member->first->as_string() != "*")
        return fail(Code::invalid, "Principal is neither \"*\" nor an object");
    principals.anyone = true;
    return {};
}

Result<Statement> parse_statement(const Json& json, bool variables, DocumentKind kind) {
    if (!json.is_object()) return fail(Code::invalid, "it is not an object");
    const bool of_resource = kind == DocumentKind::resource;
    CAIRN_TRY(of_resource ? check_members(json.as_object(), {"Sid", "Effect", "Principal", "NotPrincipal", "Action",
                                                             "NotAction", "Resource", "NotResource", "Condition"})
                          : check_members(json.as_object(), {"Sid", "Effect", "Action", "NotAction", "Resource",
                                                             "NotResource", "Condition"}));
    Statement statement;
    if (of_resource) CAIRN_TRY(read_principals(json, statement));
    auto sid = optional_text(json, "Sid");
    if (!sid) return fail(std::move(sid).error());
    statement.sid = std::move(*sid);
    const auto effect = json.text("Effect");
    if (effect != "Allow" && effect != "Deny") return fail(Code::invalid, "Effect is neither \"Allow\" nor \"Deny\"");
    statement.allow = effect == "Allow";
    CAIRN_TRY(read_actions(json, statement));
    CAIRN_TRY(read_resources(json, variables, statement));
    CAIRN_TRY(read_conditions(json, variables, statement));
    return statement;
}

Result<void> check_sids(const std::vector<Statement>& statements) {
    std::set<std::string_view> seen;
    for (const auto& statement : statements)
        if (!statement.sid.empty() && !seen.insert(statement.sid).second)
            return fail(Code::invalid, fmt::format("two statements have the Sid \"{}\"", statement.sid));
    return {};
}

std::string place_of(const Json& statement, std::size_t index) {
    const auto sid = statement.text("Sid");
    return sid.empty() ? fmt::format("statement {}", index + 1) : fmt::format("statement {} (\"{}\")", index + 1, sid);
}

/// Whether variables have a meaning: they came with the second version of the language.
Result<bool> read_version(const Json& json, DocumentKind kind) {
    const auto version = json.text("Version");
    if (version.empty() && kind == DocumentKind::resource && !json.find("Version")) return false;
    if (version == "2012-10-17") return true;
    if (version == "2008-10-17") return false;
    return fail(Code::invalid, "Version is neither \"2012-10-17\" nor \"2008-10-17\"");
}

}  // namespace

Result<Document> parse_document(std::string_view text, DocumentKind kind) {
    if (text.size() > policy_bytes_max)
        return fail(Code::invalid, fmt::format("policy: it is longer than {} bytes", policy_bytes_max));
    const auto json = parse_json(text);
    if (!json) return fail(Code::invalid, "policy: " + json.error().message);
    if (!json->is_object()) return fail(Code::invalid, "policy: it is not an object");
    if (auto known = check_members(json->as_object(), {"Version", "Id", "Statement"}); !known)
        return fail(Code::invalid, "policy: " + known.error().message);
    const auto variables = read_version(*json, kind);
    if (!variables) return fail(Code::invalid, "policy: " + variables.error().message);
    auto id = optional_text(*json, "Id");
    if (!id) return fail(Code::invalid, "policy: " + id.error().message);

    Document document{.id = std::move(*id), .statements = {}};
    const auto* statements = json->find("Statement");
    const JsonArray single = {statements && statements->is_object() ? *statements : Json()};
    const auto& list = single.front().is_null() && statements ? statements->as_array() : single;
    if (list.empty() || list.front().is_null()) return fail(Code::invalid, "policy: there is no Statement");
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto statement = parse_statement(list[i], *variables, kind);
        if (!statement)
            return fail(Code::invalid, fmt::format("policy, {}: {}", place_of(list[i], i), statement.error().message));
        document.statements.push_back(std::move(*statement));
    }
    if (auto unique = check_sids(document.statements); !unique)
        return fail(Code::invalid, "policy: " + unique.error().message);
    return document;
}

}  // namespace cairn::policy
