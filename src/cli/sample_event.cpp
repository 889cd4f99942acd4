#include "cli/sample_event.h"

#include <fmt/format.h>

namespace cairn::cli {

namespace {

constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Services moved from one version to the next at different times.
std::string_view version_of(std::string_view source) {
    constexpr std::string_view versions[] = {"1.08", "1.09", "1.10", "1.11"};
    return versions[hash64(source) % std::size(versions)];
}

/// Older services write the empty parts of a session too.
Json identity_in_style(const Json& identity, std::string_view version) {
    const auto* context = identity.find("sessionContext");
    if (version != "1.08" || !context) return identity;
    JsonObject old_style{{"sessionIssuer", JsonObject{}}, {"webIdFederationData", JsonObject{}}};
    Json styled = std::move(old_style);
    for (const auto& [name, value] : context->as_object()) styled.set(name, value);
    auto changed = identity;
    changed.set("sessionContext", std::move(styled));
    return changed;
}

std::string host_of(const SampleEvent& event, const SampleKind& kind) {
    if (kind.source == "iam" || kind.source == "route53") return fmt::format("{}.amazonaws.com", kind.source);
    return fmt::format("{}.{}.amazonaws.com", kind.source, event.region);
}

std::string denial(const SampleEvent& event, const SampleKind& kind) {
    const bool ec2 = kind.source == "ec2";
    const auto action = fmt::format("{}:{}", kind.source == "monitoring" ? "cloudwatch" : kind.source,
                                    kind.name.substr(0, kind.name.find("20")));
    return fmt::format(
        "{}User: {} is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} "
        "action",
        ec2 ? "You are not authorized to perform this operation. " : "", event.actor.arn, action,
        event.arn(kind.source, "*"), action);
}

}  // namespace

std::string SampleEvent::arn(std::string_view service, std::string_view resource) const {
    if (service == "iam") return fmt::format("arn:aws:iam::{}:{}", account, resource);
    if (service == "s3") return fmt::format("arn:aws:s3:::{}", resource);
    return fmt::format("arn:aws:{}:{}:{}:{}", service, region, account, resource);
}

std::string SampleEvent::pooled(std::string_view prefix, std::uint64_t count) const {
    auto fixed =
        draw_for(fmt::format("{}/{}/{}/{}", prefix == "i-" ? "instance" : prefix, account, region, draw.below(count)));
    return fmt::format("{}0{}", prefix, fixed.hex(16));
}

std::string locale_time(Time time, bool comma) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time - day).count();
    const auto hour = seconds / 3600;
    return fmt::format("{} {}, {}{} {}:{:02}:{:02} {}", months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<unsigned>(date.day()), static_cast<int>(date.year()), comma ? "," : "",
                       hour % 12 == 0 ? 12 : hour % 12, seconds / 60 % 60, seconds % 60, hour < 12 ? "AM" : "PM");
}

void fail_sample(SampleEvent& event, const SampleKind& kind) {
    event.response = {};
    if (!kind.failure.code.empty() && event.draw.chance(50)) {
        event.error_code = kind.failure.code;
        event.error_message = kind.failure.message;
        return;
    }
    event.error_code = kind.source == "ec2" ? "Client.UnauthorizedOperation" : "AccessDenied";
    event.error_message = denial(event, kind);
    // These ask for the right before they read the parameters.
    if (kind.source == "iam" || kind.source == "lambda" || kind.source == "rds" || kind.source == "kms")
        event.request = {};
}

std::string render(const SampleEvent& event, const SampleKind& kind, const std::string& event_id) {
    const auto version = version_of(kind.source);
    JsonObject record;
    record.reserve(28);
    const auto add = [&](const char* name, Json value) { record.emplace_back(name, std::move(value)); };
    const auto add_text = [&](const char* name, std::string_view text) {
        if (!text.empty()) add(name, text);
    };
    const auto add_known = [&](const char* name, const Json& value) {
        if (!value.is_null()) add(name, value);
    };
    add("eventVersion", version);
    add("userIdentity", identity_in_style(event.actor.identity, version));
    add("eventTime", format_time(std::chrono::floor<std::chrono::seconds>(event.time)));
    add("eventSource", fmt::format("{}.amazonaws.com", kind.source));
    add("eventName", kind.name);
    add("awsRegion", event.region);
    add("sourceIPAddress", event.actor.address);
    add("userAgent", event.actor.agent);
    add_text("errorCode", event.error_code);
    add_text("errorMessage", event.error_message);
    add("requestParameters", event.request);
    add("responseElements", event.response);
    add_known("additionalEventData", event.additional);
    add_text("requestID", event.request_id);
    add("eventID", event_id);
    add("readOnly", kind.read_only);
    add_known("resources", event.resources);
    add("eventType", event.event_type);
    add_text("apiVersion", event.api_version);
    add("managementEvent", event.category == "Management");
    add("recipientAccountId", event.account);
    add_text("sharedEventID", event.shared_event_id);
    add_known("serviceEventDetails", event.service_details);
    add_text("vpcEndpointId", event.vpc_endpoint_id);
    add("eventCategory", event.category);
    if (event.actor.tls)
        add("tlsDetails", JsonObject{{"tlsVersion", "TLSv1.3"},
                                     {"cipherSuite", "TLS_AES_128_GCM_SHA256"},
                                     {"clientProvidedHostHeader", host_of(event, kind)}});
    if (event.actor.console && event.event_type == "AwsApiCall") add("sessionCredentialFromConsole", "true");
    return to_text(record);
}

}  // namespace cairn::cli
