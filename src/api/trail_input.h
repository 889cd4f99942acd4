#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "view/trail/trail.h"
#include "wire/errors.h"

namespace cairn::api {

/// Checks of what callers write, with the codes and texts of the service (CloudTrail API reference, "CreateTrail").
/// Pure.
using Checked = std::expected<void, wire::ApiError>;

/// 3 to 128 letters, digits, periods, hyphens and underscores.
Checked check_trail_name(std::string_view name);

/// A name or an ARN, as every operation but CreateTrail takes it.
struct TrailReference {
    std::string name;
    std::string arn;  ///< of a bare name: in the caller's account and region
    bool bare = false;
};
std::expected<TrailReference, wire::ApiError> read_trail_reference(std::string_view text, std::string_view account,
                                                                   std::string_view region);

Checked check_bucket_name(std::string_view bucket);
Checked check_prefix(std::string_view prefix);

/// A name in the caller's account and region, or an ARN; FIFO topics are refused.
std::expected<std::string, wire::ApiError> topic_arn_of(std::string_view topic, std::string_view account,
                                                        std::string_view region);

/// A key id, a key ARN, or the same of an alias. `lenient` takes any text. Returned as it will be stored.
std::expected<std::string, wire::ApiError> key_arn_of(std::string_view key, std::string_view account,
                                                      std::string_view region, bool lenient);

/// Both or none, in the caller's account, and the group in its region.
Checked check_log_group(const std::optional<std::string>& group_arn, const std::optional<std::string>& role_arn,
                        std::string_view account, std::string_view region, bool lenient);

/// The tags of a list to set, whose keys are unique. There are at most 50 of a trail.
using Tags = std::vector<std::pair<std::string, std::string>>;
std::expected<Tags, wire::ApiError> read_tags(const Json* list);
inline constexpr std::size_t tags_max = 50;
wire::ApiError too_many_tags();

/// The keys of a list of tags to remove; values do not matter.
std::expected<std::vector<std::string>, wire::ApiError> read_tag_keys(const Json* list);

/// What an ARN names that can have tags.
enum class Tagged { trail, event_data_store, channel, dashboard };
std::expected<Tagged, wire::ApiError> read_tagged_arn(std::string_view arn);

/// An ARN or id of an event data store.
Checked check_event_data_store(std::string_view text);

}  // namespace cairn::api
