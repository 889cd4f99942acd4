#include "event/record_rules.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

/// Calls on objects, which were data events before a record said so (CloudTrail User Guide, "Logging data events").
bool is_old_data_call(const EventView& event) {
    constexpr std::array<std::string_view, 26> object_calls = {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectLegalHold",
        "GetObjectRetention",
        "GetObjectTagging",
        "GetObjectTorrent",
        "HeadBucket",
        "HeadObject",
        "ListObjects",
        "ListParts",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RestoreObject",
        "SelectObjectContent",
        "UploadPart",
    };
    if (event.event_source == "s3.amazonaws.com") return std::ranges::binary_search(object_calls, event.event_name);
    return event.event_source == "lambda.amazonaws.com" && event.event_name == "Invoke";
}

std::string_view after_last(std::string_view text, char separator) {
    const std::size_t at = text.rfind(separator);
    return at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
}

/// The name of a session: AROA...:NAME, else the last part of its ARN.
std::string_view session_name(const EventView& event) {
    const std::size_t colon = event.principal_id.find(':');
    if (colon != std::string_view::npos && colon + 1 < event.principal_id.size())
        return event.principal_id.substr(colon + 1);
    return after_last(event.arn, '/');
}

}  // namespace

Category category_of(const EventView& event) {
    const auto name = event.event_category;
    if (name == "Management") return Category::management;
    if (name == "Data") return Category::data;
    if (name == "NetworkActivity") return Category::network_activity;
    if (name == "Insight") return Category::insight;
    if (name == "Aggregated") return Category::aggregated;
    if (name == "ActivityAuditLog") return Category::activity;
    if (!name.empty()) return Category::other;

    const auto type = event.event_type;
    if (type == "AwsCloudTrailInsight") return Category::insight;
    if (type == "AwsVpceEvent" || type == "AwsVpceEvents") return Category::network_activity;
    if (type == "AwsAggregatedEvent") return Category::aggregated;
    if (type == "ActivityLog") return Category::activity;
    if (event.management_event) return *event.management_event ? Category::management : Category::data;
    return is_old_data_call(event) ? Category::data : Category::management;
}

std::string_view username_of(const EventView& event, std::string_view details_user) {
    const auto type = event.identity_type;
    if (type == "AssumedRole" || type == "FederatedUser") return session_name(event);
    if (type == "Root") return "root";
    if (type == "AWSService" || type == "AWSAccount") return {};
    if (!event.user_name.empty() || event.category != Category::activity) return event.user_name;
    return details_user.empty() ? event.principal_id : details_user;
}

std::optional<Time> record_time(std::string_view text, Category category) {
    if (const auto time = parse_time(text)) return time;
    if (category != Category::aggregated && category != Category::activity) return std::nullopt;
    if (text.size() < 19 || text.size() > 32) return std::nullopt;
    std::string repaired(text);
    if (repaired[10] == ' ') repaired[10] = 'T';
    if (const auto time = parse_time(repaired)) return time;
    return parse_time(repaired + 'Z');
}

std::string for_message(std::string_view text) {
    constexpr std::size_t bytes_max = 60;
    std::size_t size = std::min(text.size(), bytes_max);
    while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    std::string shown(text.substr(0, size));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return size < text.size() ? shown + "..." : shown;
}

}  // namespace cairn
