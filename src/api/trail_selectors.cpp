#include "api/trail_selectors.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/lookup.h"
#include "api/trail_destination.h"
#include "api/trail_find.h"
#include "api/trail_input.h"
#include "match/selector_rules.h"
#include "wire/model.h"

namespace cairn::api {

namespace {

using trail::Trail;
using wire::ApiError;

std::unexpected<ApiError> refuse(const char* code, std::string message) {
    return std::unexpected(ApiError{code, std::move(message)});
}

ApiError refusal(const match::SelectorError& error) {
    const bool of_events = error.fault == match::SelectorFault::event_selectors;
    return {of_events ? "InvalidEventSelectorsException" : "InvalidInsightSelectorsException", error.message};
}

const ApiError stores_unsupported = {"UnsupportedOperationException", "Event data stores are not supported."};
const ApiError store_not_found = {"EventDataStoreNotFoundException", "The specified event data store was not found."};

/// The trail that `input` names, by something of the right form. An operation that also takes event data stores names
/// exactly one of the two; there are no event data stores, and `no_store` is what asking for one answers.
std::expected<std::string_view, ApiError> named_trail(const Call& call, const Json& input, const ApiError& no_store) {
    const auto *trail = input.find("TrailName"), *store = input.find("EventDataStore");
    if (!trail == !store)
        return refuse("InvalidParameterCombinationException",
                      "Either TrailName or EventDataStore must be given, not both.");
    if (store) {
        const bool is_known = no_store.code == store_not_found.code;
        const auto checked = is_known ? check_event_data_store(store->as_string()) : Checked();
        return std::unexpected(checked ? no_store : checked.error());
    }
    if (auto checked = check_reference(call, trail->as_string()); !checked) return std::unexpected(checked.error());
    return trail->as_string();
}

/// Stores what `set` does to the trail; it may refuse, looking at the newest settings.
template <class Set>
std::expected<Trail, ApiError> change(const TrailServices& services, const Call& call, const std::string& arn,
                                      Set&& set) {
    std::optional<ApiError> refused;
    const auto changed = services.trails.change(arn, [&](Trail& next) -> Result<void> {
        refused = set(next);
        return refused ? fail(Code::invalid, refused->message) : Result<void>();
    });
    if (refused) return std::unexpected(*refused);
    if (!changed) return std::unexpected(trail_change_failed(call, arn, changed.error()));
    return *changed;
}

/// Both or neither of the two kinds are no selectors.
std::expected<match::EventSelectors, ApiError> read_event_selectors(const Json& input) {
    const auto *basic = input.find("EventSelectors"), *advanced = input.find("AdvancedEventSelectors");
    if (!basic == !advanced)
        return refuse("InvalidEventSelectorsException",
                      "Either EventSelectors or AdvancedEventSelectors must be given, not both.");
    const auto checked = [](auto selectors) -> decltype(selectors) {
        if (!selectors) return selectors;
        if (auto valid = match::validate(*selectors); !valid) return std::unexpected(std::move(valid).error());
        return selectors;
    };
    match::EventSelectors selectors;
    if (basic) {
        auto read = checked(match::read_basic_selectors(*basic));
        if (!read) return std::unexpected(refusal(read.error()));
        selectors.basic = std::move(*read);
    } else {
        auto read = checked(match::read_advanced_selectors(*advanced));
        if (!read) return std::unexpected(refusal(read.error()));
        selectors.advanced = std::move(*read);
    }
    return selectors;
}

/// The kind that is in force.
Json event_selectors_answer(const Trail& trail) {
    if (!trail.advanced_event_selectors.is_null())
        return JsonObject{{"TrailARN", trail.arn()}, {"AdvancedEventSelectors", trail.advanced_event_selectors}};
    const auto basic =
        trail.event_selectors.is_null() ? match::to_json(std::vector<match::BasicSelector>(1)) : trail.event_selectors;
    return JsonObject{{"TrailARN", trail.arn()}, {"EventSelectors", basic}};
}

std::expected<match::EventSelectors, ApiError> stored_selectors(const Trail& trail) {
    auto selectors = trail::event_selectors_of(trail);
    if (!selectors) return std::unexpected(inner_error(selectors.error(), "reading a trail's selectors"));
    return std::move(*selectors);
}

std::optional<ApiError> check_insights(const Trail& trail, const std::vector<match::InsightSelector>& insights) {
    const auto selectors = stored_selectors(trail);
    if (!selectors) return selectors.error();
    const auto checked = match::check_insight_source(insights, *selectors);
    return checked ? std::nullopt : std::optional(refusal(checked.error()));
}

std::optional<ApiError> set_insights(Trail& trail, const std::vector<match::InsightSelector>& insights) {
    if (auto refused = check_insights(trail, insights)) return refused;
    trail.insight_selectors = insights.empty() ? Json() : match::to_json(insights);
    return std::nullopt;
}

/// As the model has them: one configuration, of data events, with templates that there are.
Checked check_aggregation(const Json& configurations) {
    const auto& model = wire::model_of("cloudtrail");
    const auto violations = model.violations(model.shape_id("PutEventConfigurationRequest").value(),
                                             JsonObject{{"AggregationConfigurations", configurations}});
    if (violations.empty()) return {};
    return refuse("InvalidParameterException", wire::validation_error(violations).message);
}

std::optional<ApiError> set_aggregation(Trail& trail, const Json& configurations) {
    const auto selectors = stored_selectors(trail);
    if (!selectors) return selectors.error();
    if (!configurations.as_array().empty() && !match::reach_of(*selectors).data)
        return ApiError{"InvalidParameterException", "AggregationConfigurations need a trail that logs data events."};
    trail.aggregation = configurations.as_array().empty() ? Json() : configurations;
    return std::nullopt;
}

Json aggregation_answer(const Trail& trail) {
    return JsonObject{
        {"TrailARN", trail.arn()},
        {"AggregationConfigurations", trail.aggregation.is_null() ? Json(JsonArray{}) : trail.aggregation}};
}

}  // namespace

TrailAnswer put_event_selectors(const TrailServices& services, const Call& call, const Json& input) {
    if (auto checked = check_reference(call, input.text("TrailName")); !checked)
        return std::unexpected(checked.error());
    const auto selectors = read_event_selectors(input);
    if (!selectors) return std::unexpected(selectors.error());
    const auto trail = find_home_trail(services, call, input.text("TrailName"));
    if (!trail) return std::unexpected(trail.error());
    const auto changed = change(services, call, trail->arn(), [&](Trail& next) -> std::optional<ApiError> {
        next.event_selectors = selectors->basic.empty() ? Json() : match::to_json(selectors->basic);
        next.advanced_event_selectors = selectors->advanced.empty() ? Json() : match::to_json(selectors->advanced);
        return std::nullopt;
    });
    if (!changed) return std::unexpected(changed.error());
    return event_selectors_answer(*changed);
}

TrailAnswer get_event_selectors(const TrailServices& services, const Call& call, const Json& input) {
    const auto found = find_trail(services, call, input.text("TrailName"));
    if (!found) return std::unexpected(found.error());
    return event_selectors_answer((*found)->newest());
}

TrailAnswer put_insight_selectors(const TrailServices& services, const Call& call, const Json& input) {
    if (input.find("TrailName") && input.find("InsightsDestination"))
        return refuse("InvalidParameterCombinationException", "InsightsDestination cannot be given with TrailName.");
    const auto name = named_trail(call, input, stores_unsupported);
    if (!name) return std::unexpected(name.error());
    const auto* list = input.find("InsightSelectors");
    if (!list) return refuse("InvalidInsightSelectorsException", "InsightSelectors must be given.");
    const auto insights = match::read_insight_selectors(*list);
    if (!insights) return std::unexpected(refusal(insights.error()));
    if (const auto checked = match::validate(*insights); !checked) return std::unexpected(refusal(checked.error()));
    const auto trail = find_home_trail(services, call, *name);
    if (!trail) return std::unexpected(trail.error());
    if (auto refused = check_insights(*trail, *insights)) return std::unexpected(*refused);
    if (!insights->empty())
        if (auto checked = check_bucket(services, *trail); !checked) return std::unexpected(checked.error());
    const auto changed =
        change(services, call, trail->arn(), [&](Trail& next) { return set_insights(next, *insights); });
    if (!changed) return std::unexpected(changed.error());
    return JsonObject{{"TrailARN", changed->arn()}, {"InsightSelectors", match::to_json(*insights)}};
}

TrailAnswer get_insight_selectors(const TrailServices& services, const Call& call, const Json& input) {
    const auto name = named_trail(call, input, stores_unsupported);
    if (!name) return std::unexpected(name.error());
    const auto found = find_trail(services, call, *name);
    if (!found) return std::unexpected(found.error());
    const auto& trail = (*found)->newest();
    if (trail.insight_selectors.as_array().empty())
        return refuse("InsightNotEnabledException",
                      fmt::format("Trail {} does not have Insights enabled.", trail.arn()));
    return JsonObject{{"TrailARN", trail.arn()}, {"InsightSelectors", trail.insight_selectors}};
}

TrailAnswer put_event_configuration(const TrailServices& services, const Call& call, const Json& input) {
    const auto* configurations = input.find("AggregationConfigurations");
    const bool of_store = input.find("MaxEventSize") || input.find("ContextKeySelectors");
    if (input.find("TrailName") ? of_store || !configurations : configurations != nullptr)
        return refuse(
            "InvalidParameterCombinationException",
            "A trail has AggregationConfigurations, an event data store has MaxEventSize and ContextKeySelectors.");
    const auto name = named_trail(call, input, store_not_found);
    if (!name) return std::unexpected(name.error());
    if (auto checked = check_aggregation(*configurations); !checked) return std::unexpected(checked.error());
    const auto trail = find_home_trail(services, call, *name);
    if (!trail) return std::unexpected(trail.error());
    const auto changed =
        change(services, call, trail->arn(), [&](Trail& next) { return set_aggregation(next, *configurations); });
    if (!changed) return std::unexpected(changed.error());
    return aggregation_answer(*changed);
}

TrailAnswer get_event_configuration(const TrailServices& services, const Call& call, const Json& input) {
    const auto name = named_trail(call, input, store_not_found);
    if (!name) return std::unexpected(name.error());
    const auto found = find_trail(services, call, *name);
    if (!found) return std::unexpected(found.error());
    return aggregation_answer((*found)->newest());
}

}  // namespace cairn::api
