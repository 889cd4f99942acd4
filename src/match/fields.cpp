#include "match/fields.h"

#include <algorithm>
#include <array>

namespace cairn::match {

namespace {

constexpr std::uint8_t exact = op_equal | op_has;
constexpr std::uint8_t name = op_equal | op_part | op_has;

constexpr std::array fields = {
    FieldInfo{"eventName", Field::event_name, name, Attribute::event_name, true},
    FieldInfo{"eventSource", Field::event_source, name, Attribute::event_source, true},
    FieldInfo{"eventType", Field::event_type, name, {}, true},
    FieldInfo{"category", Field::category, exact},
    FieldInfo{"readOnly", Field::read_only, exact, Attribute::read_only},
    FieldInfo{"errorCode", Field::error_code, name, Attribute::error_code, true},
    FieldInfo{"region", Field::region, name, {}, true},
    FieldInfo{"account", Field::account, name, {}, true},
    FieldInfo{"user", Field::user, name, Attribute::username},
    FieldInfo{"origin", Field::origin, name, {}, true},
    FieldInfo{"principal", Field::principal, name, {}, true},
    FieldInfo{"role", Field::role, name, {}, true},
    FieldInfo{"accessKey", Field::access_key, name, Attribute::access_key_id, true},
    FieldInfo{"sourceIP", Field::source_ip, name, Attribute::source_ip, true},
    FieldInfo{"userAgent", Field::user_agent, name, {}, true},
    FieldInfo{"mfa", Field::mfa, exact},
    FieldInfo{"vpcEndpoint", Field::vpc_endpoint, name, {}, true},
    FieldInfo{"resource", Field::resource, name, Attribute::resource_name, true},
    FieldInfo{"resourceType", Field::resource_type, name, Attribute::resource_type},
    FieldInfo{"arn", Field::arn, name, {}, true},
    FieldInfo{"eventID", Field::event_id, exact, Attribute::event_id},
    FieldInfo{"requestID", Field::request_id, exact, {}, true},
    FieldInfo{"sharedEventID", Field::shared_event_id, exact, {}, true},
    FieldInfo{"errorMessage", Field::error_message, name, {}, true},
    FieldInfo{"text", Field::text, op_contains, {}, true},
    FieldInfo{"eventTime", Field::event_time, op_equal | op_order | op_has},
};

constexpr FieldInfo path_info{"$.", Field::path, op_equal | op_part | op_order | op_has, {}, true};

}  // namespace

std::span<const FieldInfo> all_fields() { return fields; }

const FieldInfo* find_field(std::string_view wanted) {
    const auto* const found = std::ranges::find(fields, wanted, &FieldInfo::name);
    return found == fields.end() ? nullptr : found;
}

const FieldInfo& path_field() { return path_info; }

std::string_view role_of_session(std::string_view arn) {
    constexpr std::string_view kind = ":assumed-role/";
    const std::size_t found = arn.find(kind);
    if (found == std::string_view::npos) return {};
    arn.remove_prefix(found + kind.size());
    return arn.substr(0, arn.find('/'));
}

}  // namespace cairn::match
