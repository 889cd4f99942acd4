#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/index_row.h"
#include "event/record.h"

namespace cairn::match {

/// The fields of the search grammar (console.md section 3.1) and what each may be asked.

enum class Field : std::uint8_t {
    event_name,
    event_source,
    event_type,
    category,
    read_only,
    error_code,
    region,
    account,
    user,
    origin,
    principal,
    role,
    access_key,
    source_ip,
    user_agent,
    mfa,
    vpc_endpoint,
    resource,
    resource_type,
    arn,
    event_id,
    request_id,
    shared_event_id,
    error_message,
    text,
    event_time,
    path,  ///< "$." and a path into the record
};

enum Operators : std::uint8_t {
    op_equal = 1,     ///< = != in
    op_part = 2,      ///< : ^
    op_order = 4,     ///< > >= < <=
    op_contains = 8,  ///< : alone
    op_has = 16,
};

struct FieldInfo {
    std::string_view name;
    Field field;
    std::uint8_t operators;
    std::optional<Attribute> attribute = {};  ///< the index that answers `=` and `in`
    bool verbatim = false;                    ///< every value stands in the raw record, but for escapes
};

/// All but Field::path.
std::span<const FieldInfo> all_fields();

/// Null for an unknown name; names are case-sensitive.
const FieldInfo* find_field(std::string_view name);

/// The field that the unknown `name` probably stands for: by what LookupEvents or the record calls it, by case, or by a
/// slip of the fingers. Empty when there is no likely one.
std::string_view field_meant_by(std::string_view name);

/// What Field::path allows.
const FieldInfo& path_field();

/// The name of the role in an assumed-role ARN; empty for other ARNs.
std::string_view role_of_session(std::string_view arn);

/// Calls `use(value)` for every value of a field but text and path; never with an empty one. Stops when `use` returns
/// true, and returns whether it did. Times are left out: they are compared as such.
template <class Use>
bool any_value(const EventView& event, Field field, Use&& use) {
    const auto one = [&](std::string_view value) { return !value.empty() && use(value); };
    switch (field) {
        case Field::event_name: return one(event.event_name);
        case Field::event_source: return one(event.event_source);
        case Field::event_type: return one(event.event_type);
        case Field::category:
            return one(event.category == Category::other ? event.event_category : category_name(event.category));
        case Field::read_only:
            return event.read_only != ReadOnly::absent &&
                   use(std::string_view(event.read_only == ReadOnly::yes ? "true" : "false"));
        case Field::error_code: return one(event.error_code);
        case Field::region: return one(event.region);
        case Field::account: return one(event.account);
        case Field::user: return one(event.username);
        case Field::origin: return one(event.session_issuer_arn.empty() ? event.arn : event.session_issuer_arn);
        case Field::principal:
            return one(!event.arn.empty()            ? event.arn
                       : !event.principal_id.empty() ? event.principal_id
                                                     : event.invoked_by);
        case Field::role: {
            const auto name =
                event.session_issuer_name.empty() ? role_of_session(event.arn) : event.session_issuer_name;
            return one(name) || one(event.session_issuer_arn);
        }
        case Field::access_key: return one(event.access_key_id);
        case Field::source_ip: return one(event.source_ip);
        case Field::user_agent: return one(event.user_agent);
        case Field::mfa: return one(event.mfa_authenticated);
        case Field::vpc_endpoint: return one(event.vpc_endpoint_id);
        case Field::resource:
            for (const auto& resource : event.resources)
                if (one(resource.name)) return true;
            return false;
        case Field::resource_type:
            for (const auto& resource : event.resources)
                if (one(resource.type)) return true;
            return false;
        case Field::arn:
            for (const auto list : {event.resources, event.record_resources})
                for (const auto& resource : list)
                    if (resource.name.starts_with("arn:") && one(resource.name)) return true;
            return false;
        case Field::event_id: return one(event.event_id);
        case Field::request_id: return one(event.request_id);
        case Field::shared_event_id: return one(event.shared_event_id);
        case Field::error_message: return one(event.error_message);
        case Field::text:
        case Field::event_time:
        case Field::path: return false;
    }
    return false;
}

}  // namespace cairn::match
