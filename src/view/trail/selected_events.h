#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "event/block.h"
#include "event/record.h"
#include "seam/event_log.h"
#include "view/trail/plan_body.h"
#include "view/trail/trails.h"

namespace cairn::trail {

/// The events of a planned delivery, read from the log again. Any thread.
class SelectedEvents {
public:
    /// Both outlive it.
    SelectedEvents(EventLog& log, FindDictionary find_dictionary, Trails& trails)
        : log_(log), find_dictionary_(std::move(find_dictionary)), trails_(trails) {}

    /// Calls `use` for each event in [from, to) that belongs to `planned`, in order, with the trail as it was when the
    /// event came in. What planning could not read is left out, too. Blocks. Errors: those of log and `use`.
    using Use = std::function<Result<void>(std::uint64_t number, const EventView& event, const Trail& trail)>;
    Result<void> each(std::uint64_t from, std::uint64_t to, const PlannedDelivery& planned, const Use& use) const;

private:
    EventLog& log_;
    const FindDictionary find_dictionary_;
    Trails& trails_;
};

}  // namespace cairn::trail
