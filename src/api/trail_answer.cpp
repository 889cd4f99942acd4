#include "api/trail_answer.h"

namespace cairn::api {

namespace {

using trail::Leg;

void set(Json& json, std::string_view name, const std::optional<std::string>& value) {
    if (value) json.set(name, *value);
}

double seconds_of(Time time) { return static_cast<double>(to_milliseconds(time)) / 1000; }

void set_time(Json& json, std::string_view name, const std::optional<Time>& time) {
    if (time) json.set(name, seconds_of(*time));
}

Json obsolete_time(const std::optional<Time>& time) {
    return time ? format_time(std::chrono::floor<std::chrono::seconds>(*time)) : std::string();
}

void set_delivery(Json& json, const std::string& name, const trail::DeliveryStatus& status) {
    set_time(json, "Latest" + name + "Time", status.latest);
    if (!status.error.empty()) json.set("Latest" + name + "Error", status.error);
}

}  // namespace

Json changed_trail(const trail::Trail& trail) {
    Json json = JsonObject{{"Name", trail.name}, {"S3BucketName", trail.bucket}};
    set(json, "S3KeyPrefix", trail.prefix);
    set(json, "SnsTopicName", trail.topic_name);
    set(json, "SnsTopicARN", trail.topic_arn);
    json.set("IncludeGlobalServiceEvents", trail.global_events);
    json.set("IsMultiRegionTrail", trail.multi_region);
    json.set("TrailARN", trail.arn());
    json.set("LogFileValidationEnabled", trail.validation);
    set(json, "CloudWatchLogsLogGroupArn", trail.log_group_arn);
    set(json, "CloudWatchLogsRoleArn", trail.log_role_arn);
    set(json, "KmsKeyId", trail.key_arn);
    json.set("IsOrganizationTrail", trail.organization);
    if (trail.recursive_logging) json.set("RecursiveLogging", *trail.recursive_logging);
    return json;
}

Json described_trail(const trail::Trail& trail) {
    auto json = changed_trail(trail);
    json.set("HomeRegion", trail.home_region);
    json.set("HasCustomEventSelectors", !trail.event_selectors.is_null() || !trail.advanced_event_selectors.is_null());
    json.set("HasInsightSelectors", !trail.insight_selectors.as_array().empty());
    return json;
}

Json trail_status(const trail::Trail& trail, const trail::TrailStatus& status) {
    Json json = JsonObject{{"IsLogging", trail.logging}};
    const auto &file = status[Leg::file], &notice = status[Leg::notice];
    set_delivery(json, "Delivery", file);
    set_delivery(json, "Notification", notice);
    set_time(json, "StartLoggingTime", trail.started);
    set_time(json, "StopLoggingTime", trail.stopped);
    set_delivery(json, "CloudWatchLogsDelivery", status[Leg::logs]);
    set_delivery(json, "DigestDelivery", status[Leg::digest]);
    json.set("LatestDeliveryAttemptTime", obsolete_time(file.attempt));
    json.set("LatestNotificationAttemptTime", obsolete_time(notice.attempt));
    json.set("LatestNotificationAttemptSucceeded", obsolete_time(notice.latest));
    json.set("LatestDeliveryAttemptSucceeded", obsolete_time(file.latest));
    json.set("TimeLoggingStarted", obsolete_time(trail.started));
    json.set("TimeLoggingStopped", obsolete_time(trail.stopped));
    return json;
}

}  // namespace cairn::api
