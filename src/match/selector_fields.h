#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn::match {

/// The names that selectors are made of, for their rules and for matching.

/// Events that advanced selectors of a trail can ask for.
enum class SelectorCategory : std::uint8_t { management, data, network_activity };

std::optional<SelectorCategory> selector_category(std::string_view name);
std::string_view selector_category_name(SelectorCategory category);

/// Fields that advanced selectors can ask for (CloudTrail API reference, "AdvancedFieldSelector").
enum class SelectorField : std::uint8_t {
    event_category,
    read_only,
    event_source,
    event_name,
    event_type,
    session_from_console,
    identity_arn,
    resources_type,
    resources_arn,
    error_code,
    vpc_endpoint,
};

std::optional<SelectorField> selector_field(std::string_view name);
std::string_view selector_field_name(SelectorField field);

/// Services that log network activity at VPC endpoints ("s3.amazonaws.com").
bool has_network_events(std::string_view event_source);

/// `value` is what a basic selector writes for all resources of `type`: "arn:aws:s3", "arn:aws:s3:::",
/// "arn:aws:lambda", "arn:aws:dynamodb", or the same in another partition.
bool is_whole_service(std::string_view type, std::string_view value);

}  // namespace cairn::match
