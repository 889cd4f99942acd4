#include "wire/record_text.h"

#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "base/utf8.h"

namespace cairn::wire {

namespace {

constexpr std::size_t text_bytes_max = 1024, record_bytes_max = 256 * 1024;

bool is_ascii(std::string_view text) {
    std::uint64_t all = 0;
    for (; text.size() >= sizeof all; text.remove_prefix(sizeof all)) all |= load<std::uint64_t>(text.data());
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return (all & 0x8080'8080'8080'8080) == 0;
}

std::string_view bounded(std::string_view json, std::size_t bytes_max) {
    return json.size() > bytes_max ? omitted_content : json;
}

std::string write(const RecordParts& parts) {
    const auto parameters = bounded(parts.request_parameters, record_parameters_bytes_max);
    const auto elements = bounded(parts.response_elements, record_parameters_bytes_max);
    const auto additional = bounded(parts.additional_event_data, record_additional_bytes_max);
    std::string out;
    out.reserve(1024 + parameters.size() + elements.size() + additional.size() + parts.resources.size());
    ObjectText record(out);
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) record.text(name, value);
    };
    const auto json = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) record.raw(name, value);
    };
    record.raw("eventVersion", R"("1.11")")
        .raw("userIdentity", parts.user_identity)
        .text("eventTime", format_time(std::chrono::floor<std::chrono::seconds>(parts.time)))
        .text("eventSource", parts.event_source)
        .text("eventName", parts.event_name)
        .text("awsRegion", parts.region)
        .text("sourceIPAddress", parts.source_address);
    text("userAgent", parts.user_agent);
    text("errorCode", parts.error_code);
    text("errorMessage", parts.error_message);
    record.raw("requestParameters", parameters).raw("responseElements", elements);
    json("additionalEventData", additional);
    text("requestID", parts.request_id);
    record.text("eventID", parts.event_id).flag("readOnly", parts.read_only);
    json("resources", parts.resources);
    record.text("eventType", parts.event_type);
    text("apiVersion", parts.api_version);
    record.flag("managementEvent", !parts.data_event)
        .text("recipientAccountId", parts.account)
        .raw("eventCategory", parts.data_event ? R"("Data")" : R"("Management")");
    json("addendum", parts.addendum);
    json("tlsDetails", parts.tls_details);
    record.end();
    return out;
}

}  // namespace

void ObjectText::begin(std::string_view name) {
    out_.append(std::exchange(first_, false) ? "\"" : ",\"").append(name).append("\":");
}

ObjectText& ObjectText::raw(std::string_view name, std::string_view json) {
    begin(name);
    out_.append(json);
    return *this;
}

ObjectText& ObjectText::text(std::string_view name, std::string_view value) {
    begin(name);
    if (value.size() <= text_bytes_max && is_ascii(value))
        append_json_string(out_, value);
    else
        append_json_string(out_, valid_utf8(value, text_bytes_max));
    return *this;
}

ObjectText& ObjectText::number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }

std::string record_text(const RecordParts& parts) {
    auto out = write(parts);
    if (out.size() <= record_bytes_max) return out;
    auto shorter = parts;  // escapes and long lists of resources come on top of what is bounded by itself
    shorter.request_parameters = shorter.response_elements = omitted_content;
    shorter.resources = {};
    return write(shorter);
}

}  // namespace cairn::wire
