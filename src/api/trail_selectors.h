#pragma once

#include <expected>

#include "api/call.h"
#include "api/trail_services.h"
#include "base/json.h"
#include "wire/errors.h"

namespace cairn::api {

/// What a trail selects: operations for the table of api/trail_calls.h (CloudTrail API reference, "PutEventSelectors",
/// "PutInsightSelectors", "PutEventConfiguration" and their counterparts). Changes are made in the home region only.
using TrailAnswer = std::expected<Json, wire::ApiError>;

/// One kind of selectors replaces the other.
TrailAnswer put_event_selectors(const TrailServices& services, const Call& call, const Json& input);
TrailAnswer get_event_selectors(const TrailServices& services, const Call& call, const Json& input);

/// The events that insights are computed from must be logged, and the bucket be open to them. An empty list turns
/// insights off.
TrailAnswer put_insight_selectors(const TrailServices& services, const Call& call, const Json& input);
TrailAnswer get_insight_selectors(const TrailServices& services, const Call& call, const Json& input);

/// Aggregation of data events, which the trail must log. An empty list turns it off.
TrailAnswer put_event_configuration(const TrailServices& services, const Call& call, const Json& input);
TrailAnswer get_event_configuration(const TrailServices& services, const Call& call, const Json& input);

}  // namespace cairn::api
