#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "event/record.h"
#include "match/selectors.h"

namespace cairn::match {

/// The selectors of one trail, compiled (CloudTrail user guide, "Logging data events", "Logging Insights events"). What
/// the rules of match/selector_rules.h would refuse selects nothing. Immutable and cheap to copy; any thread.
class CompiledSelectors {
public:
    /// Without event selectors all management events are selected, without insight selectors no insights.
    explicit CompiledSelectors(EventSelectors events = {}, std::vector<InsightSelector> insights = {});

    /// Whether the trail wants the event, going by what it is about; regions and accounts are the caller's. Does not
    /// allocate.
    /// - A trail selects what any of its selectors selects.
    /// - An event without readOnly is a write to basic selectors; advanced ones that ask for readOnly do not select it.
    /// - A condition on resources.ARN speaks of the event's resources of the type asked for: one must satisfy what is
    ///   selected by, and none may be what is deselected.
    /// - Of a field that is absent nothing is equal, a beginning or an end.
    bool selects(const EventView& event) const;

    /// The same selectors in the same order: they select the same events.
    friend bool operator==(const CompiledSelectors& one, const CompiledSelectors& other);

private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace cairn::match
