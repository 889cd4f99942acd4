#include "match/fields.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

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

/// Names of LookupEvents, of the record and of other tools.
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"username", "user"},
    {"useridentity", "principal"},
    {"identity", "principal"},
    {"session", "user"},
    {"resourcename", "resource"},
    {"accesskeyid", "accessKey"},
    {"key", "accessKey"},
    {"sourceipaddress", "sourceIP"},
    {"ip", "sourceIP"},
    {"awsregion", "region"},
    {"recipientaccountid", "account"},
    {"accountid", "account"},
    {"eventcategory", "category"},
    {"name", "eventName"},
    {"event", "eventName"},
    {"action", "eventName"},
    {"source", "eventSource"},
    {"service", "eventSource"},
    {"type", "eventType"},
    {"error", "errorCode"},
    {"message", "errorMessage"},
    {"time", "eventTime"},
    {"id", "eventID"},
    {"vpcendpointid", "vpcEndpoint"},
    {"mfaauthenticated", "mfa"},
    {"agent", "userAgent"},
    {"rolename", "role"},
    {"rolearn", "role"},
};

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return lower;
}

/// Letters to insert, delete or replace; two neighbours that changed places count as one.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> before_last, last(other.size() + 1), next(other.size() + 1);
    for (std::size_t j = 0; j <= other.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= one.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            next[j] = std::min({last[j] + 1, next[j - 1] + 1, last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                next[j] = std::min(next[j], before_last[j - 2] + 1);
        }
        before_last = std::exchange(last, next);
    }
    return last.back();
}

constexpr FieldInfo path_info{"$.", Field::path, op_equal | op_part | op_order | op_has, {}, true};

}  // namespace

std::span<const FieldInfo> all_fields() { return fields; }

const FieldInfo* find_field(std::string_view wanted) {
    const auto* const found = std::ranges::find(fields, wanted, &FieldInfo::name);
    return found == fields.end() ? nullptr : found;
}

std::string_view field_meant_by(std::string_view name) {
    constexpr std::size_t longest = 40;
    if (name.size() > longest) return {};
    const auto wanted = lowered(name);
    const auto* const other =
        std::ranges::find(other_names, wanted, &std::pair<std::string_view, std::string_view>::first);
    if (other != std::end(other_names)) return other->second;
    std::string_view nearest;
    std::size_t slips = wanted.size() < 4 ? 2 : 3;  // as many are too many
    for (const auto& field : fields) {
        const auto needed = distance(wanted, lowered(field.name));
        if (needed >= slips) continue;
        slips = needed;
        nearest = field.name;
    }
    return nearest;
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
