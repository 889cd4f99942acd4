#pragma once

#include <string_view>
#include <vector>

#include "event/name_map.h"
#include "event/resource_tables.h"

namespace cairn {

/// The rules of one service.
class ServiceRules {
public:
    /// The number of a member's name, or NameMap::none when no rule speaks of it: less than `numbers_max`. The name may
    /// begin with a capital letter where the table says a small one.
    int number_of(std::string_view name) const { return names_.find(name); }

    /// The rule for that name in an event, or null.
    const ResourceRule* rule(int number, std::string_view event_name) const;

    static constexpr int numbers_max = 256;

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
