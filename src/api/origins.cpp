#include "api/origins.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/v1.h"
#include "event/user_identity.h"

namespace cairn::api {

namespace {

constexpr std::size_t keys_max = 20'000;

}  // namespace

match::FindOrigins find_origins(const SessionServices* sessions, const Call& call, std::optional<Time> from,
                                std::optional<Time> to) {
    if (!sessions) return {};
    return [=, &call](const std::function<bool(std::string_view)>& is_meant)
               -> std::expected<std::vector<match::KeyWindow>, std::string> {
        const auto scope = readable(call, "cairn:SearchEvents");
        if (!scope) return {};  // the search is refused anyhow
        sessions->catch_up();
        const auto is_wanted = [&](const session::Origin& origin) {
            const bool has_arn = !origin.arn.empty() && origin.kind != session::Origin::Kind::subject;
            return (is_meant(origin.name) || (has_arn && is_meant(origin.arn))) &&
                   sees_origin(**scope, origin, *sessions);
        };
        auto keys = sessions->graph.keys_of(is_wanted, from.value_or(Time::min()), to.value_or(Time::max()));
        if (keys.size() <= keys_max) return keys;
        return std::unexpected(
            fmt::format("origin: {} keys are meant, and {} can be searched for at once; a shorter time has fewer",
                        keys.size(), keys_max));
    };
}

bool sees_account(const Scope& scope, std::string_view account, const SessionServices& sessions) {
    return std::ranges::any_of(sessions.regions, [&](const auto& region) { return scope.admits(account, region); });
}

bool sees_origin(const Scope& scope, const session::Origin& origin, const SessionServices& sessions) {
    const auto arn = read_principal_arn(origin.arn);
    return !arn || sees_account(scope, arn->account, sessions);
}

}  // namespace cairn::api
