#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "cli/sample_actor.h"
#include "cli/sample_draw.h"

namespace cairn::cli {

/// One event while it is made: where and by whom, and what its kind fills in.
struct SampleEvent {
    SampleEvent(Draw& draw, std::string account, std::string region, Time time)
        : draw(draw), account(std::move(account)), region(std::move(region)), time(time) {}

    Draw& draw;
    std::string account, region;
    Time time;
    Actor actor;

    Json request, response, additional, resources, service_details;
    std::string error_code, error_message;
    std::string request_id;  ///< empty: none, as sign-in events have
    std::string shared_event_id, vpc_endpoint_id;
    std::string_view event_type = "AwsApiCall", category = "Management", api_version;

    std::string arn(std::string_view service, std::string_view resource) const;

    /// The id of one of `count` things of a kind that this account has in this region: "subnet-0" and 16 hex digits.
    std::string pooled(std::string_view prefix, std::uint64_t count) const;
};

/// How a kind of event fails when its caller is allowed to make it.
struct Failure {
    std::string_view code, message;
};

/// A kind of event.
struct SampleKind {
    std::string_view source;  ///< without ".amazonaws.com"
    std::string_view name;
    bool read_only = false;
    int weight = 1;  ///< how often, against the others
    unsigned actors = anybody;
    bool global = false;  ///< us-east-1 only
    unsigned error_percent = 0;
    Failure failure;  ///< besides a denial
    void (*fill)(SampleEvent& event) = nullptr;
};

std::span<const SampleKind> compute_kinds();
std::span<const SampleKind> identity_kinds();
std::span<const SampleKind> data_kinds();

/// The whole record, its members in the order in which the service writes them.
std::string render(const SampleEvent& event, const SampleKind& kind, const std::string& event_id);

/// Makes the event fail, by its kind's failure or by a denial, as the service words it.
void fail_sample(SampleEvent& event, const SampleKind& kind);

/// "Jul 10, 2026 12:24:29 PM", how IAM and RDS write times inside responses; newer services add a comma after the year.
std::string locale_time(Time time, bool comma = false);

}  // namespace cairn::cli
