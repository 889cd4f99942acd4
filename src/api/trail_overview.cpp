#include "api/trail_overview.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "view/trail/overview.h"

namespace cairn::api {

namespace {

using trail::Leg;
using trail::TrailOverview;

constexpr std::string_view event_source = "cairn.amazonaws.com";
constexpr std::string_view action = "cairn:ListTrails";
constexpr std::pair<Leg, std::string_view> legs[] = {
    {Leg::file, "file"}, {Leg::digest, "digest"}, {Leg::notice, "notice"}, {Leg::logs, "logs"}};

bool may_see(const Scope& scope, const trail::Trail& trail, const std::vector<std::string>& regions) {
    if (scope.admits(trail.account, trail.home_region)) return true;
    return trail.multi_region &&
           std::ranges::any_of(regions, [&](const auto& region) { return scope.admits(trail.account, region); });
}

/// The newest success of a leg, over the regions.
Json last_of(const TrailOverview& overview, Leg leg) {
    const trail::DeliveryStatus* newest = nullptr;
    std::string_view where;
    for (const auto& [region, status] : overview.regions) {
        const auto& one = status[leg];
        if (!one.latest || (newest && *newest->latest >= *one.latest)) continue;
        newest = &one;
        where = region;
    }
    if (!newest) return {};
    Json json = JsonObject{{"time", format_time(*newest->latest)}, {"region", where}};
    if (!newest->object.empty()) json.set("object", newest->object);
    return json;
}

/// What failed at the last attempt and was not done since; the newest of them.
Json last_error(const TrailOverview& overview) {
    const trail::DeliveryStatus* newest = nullptr;
    std::string_view where, what;
    for (const auto& [region, status] : overview.regions)
        for (const auto& [leg, name] : legs) {
            const auto& one = status[leg];
            if (one.error.empty() || !one.attempt || (newest && *newest->attempt >= *one.attempt)) continue;
            newest = &one;
            std::tie(where, what) = std::tuple<std::string_view, std::string_view>(region, name);
        }
    if (!newest) return {};
    return JsonObject{
        {"time", format_time(*newest->attempt)}, {"region", where}, {"what", what}, {"code", newest->error}};
}

Json json_of(TrailOverview overview, const Scope& scope, Time now) {
    const auto& trail = overview.trail;
    std::erase_if(overview.regions, [&](const auto& one) { return !scope.admits(trail.account, one.first); });
    Json json = JsonObject{{"name", trail.name},
                           {"arn", trail.arn()},
                           {"account", trail.account},
                           {"homeRegion", trail.home_region},
                           {"multiRegion", trail.multi_region},
                           {"validation", trail.validation},
                           {"bucket", trail.bucket}};
    if (trail.prefix) json.set("prefix", *trail.prefix);
    json.set("logging", trail.logging);
    const auto lag = overview.waiting_since ? std::max(now - *overview.waiting_since, std::chrono::milliseconds(0))
                                            : std::chrono::milliseconds(0);
    json.set("waitingFiles", overview.waiting_files);
    json.set("lagSeconds", static_cast<double>(lag.count()) / 1000);
    for (const auto& [name, value] :
         {std::pair("lastFile", last_of(overview, Leg::file)), std::pair("lastDigest", last_of(overview, Leg::digest)),
          std::pair("lastError", last_error(overview))})
        if (!value.is_null()) json.set(name, value);
    return json;
}

}  // namespace

void TrailOverviewCall::handle(CallPointer call) const {
    run_on_pool(
        context_, std::move(call),
        [this](CallPointer running) {
            const auto parameters = query_parameters(running->request.query());
            auto body = run(*running, parameters);
            const auto error =
                body ? std::optional<wire::ApiError>() : wire::ApiError{body.error().code, body.error().message};
            auto response =
                body ? v1_answer(std::move(*body), running->request_id) : v1_error(body.error(), running->request_id);
            answer_and_record(context_, std::move(running), std::move(response),
                              {.event_source = event_source,
                               .event_name = "ListTrails",
                               .parameters = &parameters,
                               .error = error ? &*error : nullptr},
                              {});
        },
        [this](CallPointer refused) {
            auto response = v1_busy(refused->request_id);
            answer(context_, std::move(refused), std::move(response), event_source);
        });
}

std::expected<std::string, V1Error> TrailOverviewCall::run(const Call& call, const Json& parameters) const {
    Members members(parameters, {"acct", "region"});
    const Reach reach{.accounts = members.texts("acct"), .regions = members.texts("region")};
    if (members.error()) return std::unexpected(*members.error());
    const auto scope = readable(call, std::string(action), reach);
    if (!scope) return std::unexpected(scope.error());
    JsonArray trails;
    if (const auto* services = context_.parts.trails) {
        auto known = services->trails.list();
        std::erase_if(known,
                      [&](const auto& history) { return !may_see(**scope, history->newest(), services->regions); });
        std::vector<TrailOverview> overviews;
        const auto read = services->store.view([&](Transaction& transaction) -> Result<void> {
            auto loaded = trail::load_overviews(transaction, known);
            if (!loaded) return fail(std::move(loaded).error());
            overviews = std::move(*loaded);
            return {};
        });
        if (!read) return std::unexpected(v1_error_of(read.error(), "trails"));
        for (auto& overview : overviews)
            trails.push_back(json_of(std::move(overview), **scope, context_.parts.clock.now()));
    }
    return to_text(JsonObject{{"trails", std::move(trails)}});
}

}  // namespace cairn::api
