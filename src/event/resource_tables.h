#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cairn {

/// Which members of requestParameters and responseElements name a resource: the tables behind EventView::resources
/// (docs/format/record.md, "Derived resources"). Plain data; the walk over a record is the record parser's.
struct ResourceRule {
    enum Kind : std::uint8_t {
        value = 1,     ///< a string, or a list of strings, is a name
        arn = 2,       ///< an object (or a list of them) holds the name in its arn, aRN, Arn or ARN member
        top = 4,       ///< counts only directly inside requestParameters or responseElements
        skip = 8,      ///< nothing below this member counts
        request = 16,  ///< counts only in requestParameters
    };
    /// The type, or by_id (told by the prefix of an EC2 id) or by_arn.
    std::string_view type;
    std::uint8_t kind = value;
    std::string_view when = {};  ///< a part of the event name; empty for any event
};

inline constexpr std::string_view type_by_id = "@id";
inline constexpr std::string_view type_by_arn = "@arn";

/// What each service names. Internal to event/.
struct ResourceRow {
    std::string_view name;
    ResourceRule rule;
};

struct ResourceService {
    std::string_view name;          ///< eventSource without ".amazonaws.com"
    std::vector<ResourceRow> rows;  ///< rows of one name stand together
    std::vector<std::string_view> not_for =
        {};  ///< event names, or their beginnings with '*', without derived resources
    std::vector<std::string_view> but_for = {};  ///< parts of event names that have them all the same
};

/// Hold for every service, after its own.
std::vector<ResourceRow> common_resource_rows();

std::vector<ResourceService> resource_services();

}  // namespace cairn
