#include "api/trail_input.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "base/uuid.h"

namespace cairn::api {

namespace {

using wire::ApiError;

constexpr std::size_t name_min = 3, name_max = 128, prefix_max = 200, topic_max = 256, group_max = 512,
                      tag_key_max = 128, tag_value_max = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }

std::unexpected<ApiError> refuse(const char* code, std::string message) {
    return std::unexpected(ApiError{code, std::move(message)});
}

/// Four numbers with points between them.
bool is_address(std::string_view text) {
    int parts = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('.'), text.size());
        if (end == 0 || end > 3 || !std::ranges::all_of(text.substr(0, end), is_digit)) return false;
        ++parts;
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
        if (text.empty()) return false;
    }
    return parts == 4;
}

bool is_punctuation(char c) { return c == '.' || c == '-' || c == '_'; }

bool has_adjacent(std::string_view text, bool (*is)(char)) {
    return std::ranges::adjacent_find(text, [&](char one, char other) { return is(one) && is(other); }) != text.end();
}

/// The parts of an ARN; the last may hold colons. Empty when it is none.
std::vector<std::string_view> arn_parts(std::string_view arn) {
    std::vector<std::string_view> parts;
    while (parts.size() < 5) {
        const auto end = arn.find(':');
        if (end == std::string_view::npos) return {};
        parts.push_back(arn.substr(0, end));
        arn.remove_prefix(end + 1);
    }
    parts.push_back(arn);
    return parts[0] == "arn" && !parts[1].empty() && !parts[5].empty() ? parts : std::vector<std::string_view>{};
}

bool is_account(std::string_view text) { return text.size() == 12 && std::ranges::all_of(text, is_digit); }

bool is_topic_name(std::string_view name) {
    return !name.empty() && name.size() <= topic_max &&
           std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

/// "log-group:NAME:*": every stream of a log group.
bool is_group_streams(std::string_view text) {
    constexpr std::string_view begin = "log-group:", end = ":*";
    if (text.size() <= begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) return false;
    const auto name = text.substr(begin.size(), text.size() - begin.size() - end.size());
    return name.size() <= group_max && std::ranges::all_of(name, [](char c) {
               return is_alphanumeric(c) || std::string_view("._-/#").find(c) != std::string_view::npos;
           });
}

bool is_key_name(std::string_view name) {
    return !name.empty() && name.size() <= 256 &&
           std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '/'; });
}

bool is_uuid_like(std::string_view text) {
    if (text.starts_with("mrk-")) return text.size() == 36;
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-') || (!dash && !is_alphanumeric(text[i]))) return false;
    }
    return true;
}

std::unexpected<ApiError> invalid_arn(const char* code, std::string_view arn) {
    return refuse(code, fmt::format("Invalid ARN: {}", valid_utf8(arn, 300)));
}

bool is_uuid(std::string_view text) { return parse_uuid(text).has_value(); }

bool is_dashboard_name(std::string_view name) {
    return name.size() >= name_min && name.size() <= name_max &&
           std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

/// "aws:", whatever its case, is the service's own.
bool is_reserved(std::string_view tag_key) {
    constexpr std::string_view begin = "aws:";
    return std::ranges::equal(tag_key.substr(0, begin.size()), begin, {},
                              [](char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; });
}

bool is_tag_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) || std::string_view(" _.:/=+-@").find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
    });
}

}  // namespace

Checked check_trail_name(std::string_view name) {
    const auto invalid = [](std::string message) { return refuse("InvalidTrailNameException", std::move(message)); };
    if (name.size() < name_min)
        return invalid(fmt::format(
            "Trail name too short. Minimum allowed length: {} characters. Specified name length: {} characters.",
            name_min, name.size()));
    if (name.size() > name_max)
        return invalid(fmt::format(
            "Trail name too long. Maximum allowed length: {} characters. Specified name length: {} characters.",
            name_max, name.size()));
    if (!is_alphanumeric(name.front())) return invalid("Trail name must starts with a letter or number.");
    if (!is_alphanumeric(name.back())) return invalid("Trail name must ends with a letter or number.");
    if (!std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || is_punctuation(c); }))
        return invalid(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens "
            "(-), and underscores (_).");
    if (has_adjacent(name, is_punctuation))
        return invalid("Trail name cannot have adjacent periods (.), hyphens (-), or underscores (_).");
    if (is_address(name)) return invalid("Trail name cannot be an IP address.");
    return {};
}

std::expected<TrailReference, ApiError> read_trail_reference(std::string_view text, std::string_view account,
                                                             std::string_view region) {
    if (!text.starts_with("arn:")) {
        if (auto checked = check_trail_name(text); !checked) return std::unexpected(checked.error());
        return TrailReference{std::string(text), trail::trail_arn(region, account, text), true};
    }
    const auto arn = trail::parse_trail_arn(text);
    if (!arn || !check_trail_name(arn->name)) return invalid_arn("CloudTrailARNInvalidException", text);
    return TrailReference{arn->name, std::string(text), false};
}

Checked check_bucket_name(std::string_view bucket) {
    const auto invalid = [&](const char* why) {
        return refuse("InvalidS3BucketNameException",
                      fmt::format("Bucket name {} is not valid: {}", valid_utf8(bucket, 100), why));
    };
    if (bucket.size() < 3 || bucket.size() > 63) return invalid("it must have 3 to 63 characters.");
    if (!std::ranges::all_of(bucket, [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '-'; }))
        return invalid("it may hold lowercase letters, numbers, periods (.) and hyphens (-).");
    const auto bad_edge = [](char one, char other) {
        return (one == '.' || one == '-') && (other == '.' || (one == '.' && other == '-'));
    };
    if (!is_alphanumeric(bucket.front()) || !is_alphanumeric(bucket.back()) ||
        std::ranges::adjacent_find(bucket, bad_edge) != bucket.end())
        return invalid("every label must begin and end with a letter or number.");
    if (is_address(bucket)) return invalid("it must not be an IP address.");
    return {};
}

Checked check_prefix(std::string_view prefix) {
    const auto invalid = [](std::string message) { return refuse("InvalidS3PrefixException", std::move(message)); };
    if (prefix.size() > prefix_max)
        return invalid(fmt::format("S3 prefix is longer than maximum length: {} characters.", prefix_max));
    if (prefix.starts_with('/') || prefix.ends_with('/'))
        return invalid("S3 prefix must not begin or end with a slash (/).");
    if (!std::ranges::all_of(prefix, [](char c) {
            return is_alphanumeric(c) || std::string_view("/!-_.*'()=+@:&$, ").find(c) != std::string_view::npos;
        }))
        return invalid("S3 prefix holds a character that is not allowed.");
    return {};
}

std::expected<std::string, ApiError> topic_arn_of(std::string_view topic, std::string_view account,
                                                  std::string_view region) {
    const auto invalid = [&] {
        return refuse("InvalidSnsTopicNameException",
                      fmt::format("SNS topic name {} is not valid.", valid_utf8(topic, 300)));
    };
    if (topic.ends_with(".fifo")) return refuse("InvalidSnsTopicNameException", "FIFO topics are not supported.");
    if (!topic.starts_with("arn:")) {
        if (!is_topic_name(topic)) return invalid();
        return fmt::format("arn:aws:sns:{}:{}:{}", region, account, topic);
    }
    const auto parts = arn_parts(topic);
    if (parts.empty() || parts[2] != "sns" || parts[3].empty() || !is_account(parts[4]) || !is_topic_name(parts[5]))
        return invalid();
    return std::string(topic);
}

std::expected<std::string, ApiError> key_arn_of(std::string_view key, std::string_view account, std::string_view region,
                                                bool lenient) {
    const auto in_account = [&](std::string_view kind_and_name) {
        return fmt::format("arn:aws:kms:{}:{}:{}", region, account, kind_and_name);
    };
    if (key.starts_with("alias/") && is_key_name(key.substr(6))) return in_account(key);
    if (is_uuid_like(key)) return in_account(fmt::format("key/{}", key));
    const auto parts = arn_parts(key);
    const bool is_key = !parts.empty() && parts[2] == "kms" && !parts[3].empty() && is_account(parts[4]) &&
                        ((parts[5].starts_with("key/") && (lenient || is_uuid_like(parts[5].substr(4)))) ||
                         (parts[5].starts_with("alias/") && is_key_name(parts[5].substr(6))));
    if (is_key) return std::string(key);
    if (lenient && is_key_name(key)) return in_account(fmt::format("key/{}", key));
    return refuse("InvalidKmsKeyIdException", fmt::format("KMS key id {} is not valid.", valid_utf8(key, 300)));
}

Checked check_log_group(const std::optional<std::string>& group_arn, const std::optional<std::string>& role_arn,
                        std::string_view account, std::string_view region, bool lenient) {
    if (!group_arn && !role_arn) return {};
    if (!role_arn)
        return refuse("InvalidCloudWatchLogsRoleArnException", "You must specify a log group and a role ARN.");
    if (!group_arn)
        return refuse("InvalidCloudWatchLogsLogGroupArnException", "You must specify a log group and a role ARN.");
    const auto group = arn_parts(*group_arn), role = arn_parts(*role_arn);
    const bool group_fits =
        !group.empty() && group[2] == "logs" && group[3] == region && group[4] == account && is_group_streams(group[5]);
    if (!group_fits && !(lenient && !group.empty() && group[2] == "logs"))
        return refuse("InvalidCloudWatchLogsLogGroupArnException",
                      "CloudTrail cannot validate the specified log group ARN.");
    const bool role_fits = !role.empty() && role[2] == "iam" && (lenient ? is_account(role[4]) : role[4] == account) &&
                           role[5].starts_with("role/") && role[5].size() > 5;
    if (!role_fits)
        return refuse("InvalidCloudWatchLogsRoleArnException", "CloudTrail cannot validate the specified role ARN.");
    return {};
}

ApiError too_many_tags() {
    return {"TagsLimitExceededException",
            fmt::format("The number of tags per trail has exceeded the permitted amount. Currently, the limit is {}.",
                        tags_max)};
}

std::expected<std::vector<std::string>, ApiError> read_tag_keys(const Json* list) {
    std::vector<std::string> keys;
    if (!list) return keys;
    const auto invalid = [](std::string message) { return refuse("InvalidTagParameterException", std::move(message)); };
    for (const auto& tag : list->as_array()) {
        const auto key = tag.text("Key");
        if (key.empty() || count_characters(key) > tag_key_max || !is_tag_text(key))
            return invalid("Tag keys must have 1 to 128 letters, digits, spaces, or characters of _ . : / = + - @.");
        if (is_reserved(key)) return invalid("Tag keys must not begin with aws:.");
        if (std::ranges::find(keys, key) != keys.end())
            return invalid(fmt::format("Tag key {} is given more than once.", key));
        keys.emplace_back(key);
    }
    return keys;
}

std::expected<Tags, ApiError> read_tags(const Json* list) {
    auto keys = read_tag_keys(list);
    if (!keys) return std::unexpected(std::move(keys).error());
    Tags tags;
    for (std::size_t i = 0; i < keys->size(); ++i) {
        const auto value = list->as_array()[i].text("Value");
        if (count_characters(value) > tag_value_max || !is_tag_text(value))
            return refuse(
                "InvalidTagParameterException",
                "Tag values must have at most 256 letters, digits, spaces, or characters of _ . : / = + - @.");
        tags.emplace_back(std::move((*keys)[i]), value);
    }
    if (tags.size() > tags_max) return std::unexpected(too_many_tags());
    return tags;
}

std::expected<Tagged, ApiError> read_tagged_arn(std::string_view arn) {
    const auto parts = arn_parts(arn);
    if (parts.empty()) return invalid_arn("CloudTrailARNInvalidException", arn);
    if (parts[2] != "cloudtrail")
        return refuse("ResourceTypeNotSupportedException",
                      fmt::format("Resource {} cannot be tagged.", valid_utf8(arn, 300)));
    constexpr struct {
        std::string_view begin;
        Tagged kind;
        bool (*is_name)(std::string_view);
        const char* code;
    } kinds[] = {
        {"trail/", Tagged::trail, [](std::string_view name) { return check_trail_name(name).has_value(); },
         "CloudTrailARNInvalidException"},
        {"eventdatastore/", Tagged::event_data_store, is_uuid, "EventDataStoreARNInvalidException"},
        {"channel/", Tagged::channel, is_uuid, "ChannelARNInvalidException"},
        {"dashboard/", Tagged::dashboard, is_dashboard_name, "CloudTrailARNInvalidException"},
    };
    for (const auto& kind : kinds) {
        if (!parts[5].starts_with(kind.begin)) continue;
        const bool is_one = parts[1] == "aws" && !parts[3].empty() && is_account(parts[4]) &&
                            kind.is_name(parts[5].substr(kind.begin.size()));
        return is_one ? std::expected<Tagged, ApiError>(kind.kind) : invalid_arn(kind.code, arn);
    }
    return invalid_arn("CloudTrailARNInvalidException", arn);
}

Checked check_event_data_store(std::string_view text) {
    if (is_uuid(text)) return {};
    const auto kind = read_tagged_arn(text);
    if (kind && *kind == Tagged::event_data_store) return {};
    return invalid_arn("EventDataStoreARNInvalidException", text);
}

}  // namespace cairn::api
