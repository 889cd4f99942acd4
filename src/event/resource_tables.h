#pragma once

#include <string_view>
#include <vector>

#include "event/resource_rules.h"

namespace cairn {

/// The rows behind resource_rules(): what each service names. Internal to event/.
struct ResourceRow {
    std::string_view name;
    ResourceRule rule;
};

struct ResourceService {
    std::string_view name;                       ///< eventSource without ".amazonaws.com"
    std::vector<ResourceRow> rows;               ///< rows of one name stand together
    std::vector<std::string_view> not_for = {};  ///< event names, or their beginnings with '*', without derived resources
    std::vector<std::string_view> but_for = {};  ///< parts of event names that have them all the same
};

/// Hold for every service, after its own.
std::vector<ResourceRow> common_resource_rows();

std::vector<ResourceService> resource_services();

}  // namespace cairn
