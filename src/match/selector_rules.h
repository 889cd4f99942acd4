#pragma once

#include <cstddef>
#include <expected>
#include <vector>

#include "match/selectors.h"

namespace cairn::match {

/// What the selectors of a trail may say (CloudTrail API reference, "PutEventSelectors", "AdvancedFieldSelector",
/// "InsightSelector"; user guide, "Logging data events"). Pure.

inline constexpr std::size_t basic_selectors_max = 5;
inline constexpr std::size_t data_values_max = 250;      ///< over all basic selectors; whole services do not count
inline constexpr std::size_t advanced_values_max = 500;  ///< over all conditions of all advanced selectors

using SelectorCheck = std::expected<void, SelectorError>;

/// 1 to 5 of them. Data resources are objects, functions and tables; only KMS and the RDS data API can be left out of
/// management events, and only where those are selected.
SelectorCheck validate(const std::vector<BasicSelector>& selectors);

/// One or more of Management, Data and NetworkActivity, with the fields and operators that go with each.
SelectorCheck validate(const std::vector<AdvancedSelector>& selectors);

/// Types and categories that are known, each type once. None at all is fine: no insights.
SelectorCheck validate(const std::vector<InsightSelector>& selectors);

/// Which events `selectors` can select at all, whatever else they ask for.
struct Reach {
    bool management_reads = false, management_writes = false, data = false;
};
Reach reach_of(const EventSelectors& selectors);

/// Insights are computed from what a trail logs: call rates from writes, error rates from reads or writes, those of
/// data events from data events.
SelectorCheck check_insight_source(const std::vector<InsightSelector>& insights, const EventSelectors& selectors);

}  // namespace cairn::match
