#include "api/audit_event.h"

#include <arpa/inet.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "api/event_json.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "event/json_check.h"
#include "event/json_scan.h"
#include "event/record.h"
#include "sign/digest.h"

namespace cairn::api {

namespace {

using wire::ApiError;

std::vector<std::string_view> split(std::string_view text, char separator, std::size_t parts_max) {
    std::vector<std::string_view> parts;
    while (parts.size() + 1 < parts_max) {
        const auto at = text.find(separator);
        if (at == std::string_view::npos) break;
        parts.push_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    parts.push_back(text);
    return parts;
}

bool is_account(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::size_t depth_any = 4096;  // admission has its own bound, and says so

std::string_view trimmed(std::string_view text) {
    const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

bool is_object(std::string_view value) { return value.starts_with('{'); }

/// A member's value as written; empty when it is absent or null. Of a repeated member the first counts, as in records.
std::string_view value_of(std::string_view object, std::string_view name) {
    std::string_view value;
    find_members(object, {&name, 1}, {&value, 1});
    return value == "null" ? std::string_view() : value;
}

/// What a member says that is a string, else nothing.
std::string text_of(std::string_view object, std::string_view name) {
    std::string text;
    if (const auto value = value_of(object, name); value.starts_with('"'))
        append_unescaped(text, value.substr(1, value.size() - 2));
    return text;
}

struct TextField {
    std::string_view name;
    bool required;
    std::size_t characters_max;
};

constexpr TextField text_fields[] = {
    {"version", true, 256},           {"userAgent", false, 1024},   {"eventSource", true, 1024},
    {"eventName", true, 1024},        {"eventTime", true, 64},      {"UID", true, 1024},
    {"errorCode", false, 256},        {"errorMessage", false, 256}, {"sourceIPAddress", false, 64},
    {"recipientAccountId", true, 64},
};
constexpr TextField identity_fields[] = {{"type", true, 128}, {"principalId", true, 1024}};

struct ObjectField {
    std::string_view name;
    std::size_t bytes_max;
};

constexpr ObjectField object_fields[] = {
    {"requestParameters", 100'000}, {"responseElements", 100'000}, {"additionalEventData", 28'000}};

std::optional<AuditProblem> check_text(std::string_view parent, const TextField& field, std::string_view prefix = {}) {
    const auto value = value_of(parent, field.name);
    const auto name = fmt::format("{}{}", prefix, field.name);
    if (value.empty() || (field.required && value == R"("")")) {
        if (!field.required) return std::nullopt;
        return AuditProblem{"FieldNotFound", fmt::format("Required field {} is missing.", name)};
    }
    if (!value.starts_with('"')) return AuditProblem{"InvalidData", fmt::format("Field {} is not a string.", name)};
    if (count_characters(text_of(parent, field.name)) > field.characters_max)
        return AuditProblem{"FieldTooLong",
                            fmt::format("Field {} is longer than {} characters.", name, field.characters_max)};
    return std::nullopt;
}

std::optional<AuditProblem> check_object(std::string_view parent, const ObjectField& field) {
    const auto value = value_of(parent, field.name);
    if (value.empty()) return std::nullopt;
    if (!is_object(value))
        return AuditProblem{"InvalidData", fmt::format("Field {} is not a JSON object.", field.name)};
    std::string compact;
    append_compact(compact, value);
    if (compact.size() > field.bytes_max)
        return AuditProblem{"FieldTooLong",
                            fmt::format("Field {} is longer than {} bytes.", field.name, field.bytes_max)};
    return std::nullopt;
}

std::optional<AuditProblem> check_identity(std::string_view document) {
    const auto identity = value_of(document, "userIdentity");
    if (identity.empty()) return AuditProblem{"FieldNotFound", "Required field userIdentity is missing."};
    if (!is_object(identity)) return AuditProblem{"InvalidData", "Field userIdentity is not a JSON object."};
    for (const auto& field : identity_fields)
        if (auto problem = check_text(identity, field, "userIdentity.")) return problem;
    if (const auto details = value_of(identity, "details"); !details.empty() && !is_object(details))
        return AuditProblem{"InvalidData", "Field userIdentity.details is not a JSON object."};
    return std::nullopt;
}

// "2026-01-02T03:04:05", with or without Z: always UTC.
std::optional<Time> event_time(std::string_view text) {
    if (const auto time = parse_time(text)) return time;
    return parse_time(std::string(text) + 'Z');
}

bool is_address(const std::string& text) {
    unsigned char bytes[16];
    return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

std::optional<AuditProblem> check_meaning(std::string_view document, const Channel& channel) {
    const auto source = text_of(document, "eventSource");
    if (source.ends_with(".amazonaws.com") || source.find_first_of(" \t\r\n") != std::string::npos)
        return AuditProblem{"InvalidEventSource",
                            "Field eventSource names a service of AWS or holds white space: name the application."};
    if (!event_time(text_of(document, "eventTime")))
        return AuditProblem{"InvalidData", "Field eventTime is not a time as 2026-01-02T03:04:05Z."};
    if (text_of(document, "recipientAccountId") != channel.account)
        return AuditProblem{
            "InvalidRecipient",
            fmt::format("Field recipientAccountId is not {}, the account that owns the channel.", channel.account)};
    if (const auto address = text_of(document, "sourceIPAddress"); !address.empty() && !is_address(address))
        return AuditProblem{"InvalidData", "Field sourceIPAddress is neither an IPv4 nor an IPv6 address."};
    return std::nullopt;
}

}  // namespace

std::string Channel::arn() const { return fmt::format("arn:aws:cloudtrail:{}:{}:channel/{}", region, account, id); }

Channel default_channel(std::string_view region, std::string_view account) {
    return {.region = std::string(region),
            .account = std::string(account),
            .id = format_uuid(named_uuid("cairn default channel", fmt::format("{}/{}", account, region)))};
}

std::expected<Channel, ApiError> find_channel(std::string_view name, std::string_view region,
                                              std::string_view account) {
    const auto refused = [](const char* code, std::string message) {
        return std::unexpected(ApiError{code, std::move(message)});
    };
    const auto own = default_channel(region, account);
    if (name == "default" || name == own.id) return own;
    if (!name.starts_with("arn:")) {
        if (parse_uuid(name))
            return refused("ChannelNotFound", fmt::format("There is no channel {} in this Region.", name));
        return refused("InvalidChannelARN", "The channel is neither an ARN nor the id of a channel.");
    }
    // arn:PARTITION:cloudtrail:REGION:ACCOUNT:channel/ID
    const auto parts = split(name, ':', 6);
    static constexpr std::string_view kind = "channel/";
    if (parts.size() != 6 || parts[1].empty() || parts[2] != "cloudtrail" || parts[3].empty() ||
        !is_account(parts[4]) || !parts[5].starts_with(kind) || parts[5].size() == kind.size())
        return refused("InvalidChannelARN",
                       "The ARN is not that of a channel: arn:aws:cloudtrail:REGION:ACCOUNT:channel/ID.");
    const auto named = default_channel(parts[3], parts[4]);
    const auto id = parts[5].substr(kind.size());
    if ((id != named.id && id != "default") || parts[3] != region)
        return refused("ChannelNotFound", fmt::format("There is no channel {} in this Region.", valid_utf8(name, 256)));
    if (parts[4] != account)
        return refused("ChannelInsufficientPermission",
                       fmt::format("Account {} may not put events into a channel of account {}.", account, parts[4]));
    return named;
}

std::optional<AuditProblem> check_audit_entry(const AuditEntry& entry, const Channel& channel) {
    if (!entry.checksum.empty()) {
        if (entry.checksum != to_base64(sign::sha256(entry.data)))
            return AuditProblem{"InvalidChecksum", "eventDataChecksum is not the base64 SHA-256 of eventData."};
    }
    std::vector<JsonOddity> oddities;  // are kept, as in any record
    if (const auto valid = check_json(entry.data, depth_any, oddities); !valid)
        return AuditProblem{"InvalidData", "eventData is " + valid.error().message};
    const auto document = trimmed(entry.data);
    if (!is_object(document)) return AuditProblem{"InvalidData", "eventData is not a JSON object."};
    for (const auto& field : text_fields)
        if (auto problem = check_text(document, field)) return problem;
    if (auto problem = check_identity(document)) return problem;
    for (const auto& field : object_fields)
        if (auto problem = check_object(document, field)) return problem;
    return check_meaning(document, channel);
}

std::string audit_event_id(const Channel& channel, const AuditEntry& entry) {
    std::string name;
    append_text(name, channel.arn());
    append_text(name, entry.id);
    append_text(name, entry.data);
    return format_uuid(named_uuid("cairn audit event", name));
}

std::string render_audit_event(const Channel& channel, const AuditEntry& entry, std::string_view event_id,
                               std::string_view region, Time ingestion_time) {
    const auto document = trimmed(entry.data);
    const auto time = event_time(text_of(document, "eventTime"));
    CAIRN_CHECK(time.has_value());
    std::string out = R"({"eventVersion":"1.0","eventCategory":"ActivityAuditLog","eventType":"ActivityLog")";
    const auto member = [&](std::string_view name, std::string_view value) {
        out += ',';
        append_json_string(out, name);
        out += ':';
        append_json_string(out, value);
    };
    member("eventID", event_id);
    member("eventTime", format_time(*time));
    member("awsRegion", region);
    member("recipientAccountId", channel.account);
    out += R"(,"metadata":{"ingestionTime":")" + format_time(ingestion_time) + '"';
    member("channelARN", channel.arn());
    out += R"(},"eventData":)";
    append_compact(out, document);
    return out + '}';
}

}  // namespace cairn::api
