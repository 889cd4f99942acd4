#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/name_map.h"

namespace cairn {

/// Which members of requestParameters and responseElements name a resource: the tables behind EventView::resources
/// (docs/format/record.md, "Derived resources"). Plain data; the walk over a record is the record parser's.
struct ResourceRule {
    enum Kind : std::uint8_t {
        value = 1,    ///< a string, or a list of strings, is a name
        arn = 2,      ///< an object (or a list of them) holds the name in its arn, aRN, Arn or ARN member
        top = 4,      ///< counts only directly inside requestParameters or responseElements
        skip = 8,     ///< nothing below this member counts
        request = 16, ///< counts only in requestParameters
    };
    /// The type, or by_id (told by the prefix of an EC2 id) or by_arn.
    std::string_view type;
    std::uint8_t kind = value;
    std::string_view when = {};  ///< a part of the event name; empty for any event
};

inline constexpr std::string_view type_by_id = "@id";
inline constexpr std::string_view type_by_arn = "@arn";

/// The rules of one service.
class ServiceRules {
public:
    /// The rule for a member in an event of that name, or null. `name` may begin with a capital letter where the table
    /// says a small one.
    const ResourceRule* find(std::string_view name, std::string_view event_name) const;

    /// False when events of this name have no derived resources.
    bool covers(std::string_view event_name) const;

private:
    friend class ResourceTable;
    struct Chained {
        ResourceRule rule;
        std::string_view name;
        bool more = false;  ///< the next rule is for the same name, with another `when`
    };
    std::vector<Chained> rules_;
    NameMap names_;
    std::vector<std::string_view> not_for_, but_for_;
};

/// The rules of "ec2.amazonaws.com" and so on; of a service without its own, those that hold for all. Thread-safe.
const ServiceRules& resource_rules(std::string_view event_source);

/// "AWS::EC2::Instance" for "i-0abc..."; empty when the prefix says nothing.
std::string_view resource_type_of_id(std::string_view id);

/// "AWS::Lambda::Function" for "arn:aws:lambda:..:function:f"; empty when it is no ARN or of an unknown kind.
std::string_view resource_type_of_arn(std::string_view arn);

}  // namespace cairn
