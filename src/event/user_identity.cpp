#include "event/user_identity.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace cairn {

namespace {

/// Members of userIdentity that stand before accessKeyId.
constexpr std::array<std::string_view, 4> before_key = {"type", "principalId", "arn", "accountId"};
constexpr std::array<std::string_view, 3> of_one_call = {"accessKeyId", "invokedBy", "invokedByDelegate"};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::string_view cut(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

void add(JsonObject& object, std::string_view name, const std::string& value) {
    if (!value.empty()) object.emplace_back(name, value);
}

std::string role_arn(const PrincipalArn& session) {
    std::string arn = "arn:";
    return arn.append(session.partition).append(":iam::").append(session.account).append(":role/").append(session.role);
}

}  // namespace

std::optional<PrincipalArn> read_principal_arn(std::string_view arn) {
    auto rest = arn;
    if (cut(rest, ':') != "arn") return std::nullopt;
    PrincipalArn read;
    read.partition = cut(rest, ':');
    const auto service = cut(rest, ':');
    const auto region = cut(rest, ':');
    read.account = cut(rest, ':');
    if ((service != "iam" && service != "sts") || !region.empty() || read.account.empty()) return std::nullopt;
    if (rest == "root") {
        read.kind = PrincipalArn::Kind::root;
        read.name = rest;
        return read;
    }
    const auto kind = cut(rest, '/');
    if (rest.empty()) return std::nullopt;
    const auto last = rest.rfind('/');
    read.name = last == std::string_view::npos ? rest : rest.substr(last + 1);
    if (kind == "user") {
        read.kind = PrincipalArn::Kind::user;
    } else if (kind == "role") {
        read.kind = PrincipalArn::Kind::role;
    } else if (kind == "federated-user") {
        read.kind = PrincipalArn::Kind::federated_user;
        read.name = rest;
    } else if (kind == "assumed-role" && last != std::string_view::npos) {
        read.kind = PrincipalArn::Kind::assumed_role;
        read.role = rest.substr(0, rest.find('/'));
    } else {
        return std::nullopt;
    }
    return read;
}

Json session_context(const SessionContext& context) {
    JsonObject out;
    if (!context.issuer.type.empty()) {
        JsonObject issuer;
        add(issuer, "type", context.issuer.type);
        add(issuer, "principalId", context.issuer.principal_id);
        add(issuer, "arn", context.issuer.arn);
        add(issuer, "accountId", context.issuer.account);
        add(issuer, "userName", context.issuer.user_name);
        out.emplace_back("sessionIssuer", std::move(issuer));
    }
    if (!context.federated_provider.empty()) {
        JsonObject attributes;
        for (const auto& [name, value] : context.federated_attributes) attributes.emplace_back(name, value);
        out.emplace_back("webIdFederationData", JsonObject{{"federatedProvider", context.federated_provider},
                                                           {"attributes", std::move(attributes)}});
    }
    if (context.created) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(*context.created);
        out.emplace_back("attributes", JsonObject{{"creationDate", format_time(seconds)},
                                                  {"mfaAuthenticated", context.mfa ? "true" : "false"}});
    }
    add(out, "sourceIdentity", context.source_identity);
    if (context.assumed_root) out.emplace_back("assumedRoot", "true");
    return out;
}

Json user_identity(const Principal& principal, const SessionContext* context) {
    JsonObject out;
    add(out, "type", principal.type);
    add(out, "principalId", principal.principal_id);
    add(out, "arn", principal.arn);
    add(out, "accountId", principal.account);
    add(out, "userName", principal.user_name);
    if (context) out.emplace_back("sessionContext", session_context(*context));
    return out;
}

Json user_identity_of_arn(std::string_view arn, std::string_view principal_id) {
    const auto read = read_principal_arn(arn);
    if (!read) return {};
    Principal principal{.type = {},
                        .principal_id = std::string(principal_id),
                        .arn = std::string(arn),
                        .account = std::string(read->account),
                        .user_name = {}};
    switch (read->kind) {
        case PrincipalArn::Kind::root:
            principal.type = "Root";
            if (principal.principal_id.empty()) principal.principal_id = read->account;
            return user_identity(principal, nullptr);
        case PrincipalArn::Kind::user:
            principal.type = "IAMUser";
            principal.user_name = read->name;
            return user_identity(principal, nullptr);
        case PrincipalArn::Kind::federated_user:
            principal.type = "FederatedUser";
            if (principal.principal_id.empty())
                principal.principal_id = principal.account + ":" + std::string(read->name);
            return user_identity(principal, nullptr);
        case PrincipalArn::Kind::assumed_role: {
            principal.type = "AssumedRole";
            const SessionContext context{
                .issuer = {.type = "Role",
                           .principal_id = principal.principal_id.substr(0, principal.principal_id.find(':')),
                           .arn = role_arn(*read),
                           .account = principal.account,
                           .user_name = std::string(read->role)},
                .federated_provider = {},
                .federated_attributes = {},
                .created = {},
                .mfa = false,
                .source_identity = {},
                .assumed_root = false};
            return user_identity(principal, &context);
        }
        case PrincipalArn::Kind::role: return {};
    }
    return {};
}

Json with_access_key(const Json& identity, std::string_view key_id) {
    JsonObject out;
    bool placed = key_id.empty();
    for (const auto& [name, value] : identity.as_object()) {
        if (name == "accessKeyId") continue;
        if (!placed && !is_one_of(before_key, name)) {
            out.emplace_back("accessKeyId", key_id);
            placed = true;
        }
        out.emplace_back(name, value);
    }
    if (!placed) out.emplace_back("accessKeyId", key_id);
    return out;
}

Json without_call(const Json& identity) {
    JsonObject out;
    for (const auto& [name, value] : identity.as_object())
        if (!is_one_of(of_one_call, name)) out.emplace_back(name, value);
    return out;
}

bool is_somebody(const Json& identity) {
    const auto type = identity.text("type");
    return !type.empty() && type != "Unknown" && type != "AWSAccount" && type != "AWSService";
}

}  // namespace cairn
