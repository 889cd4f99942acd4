#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/record.h"

namespace cairn {

/// What a view that learns from calls keeps of one record while it comes in, parsed and warm: to read it again from the
/// log costs many times as much.
struct CallNote {
    std::uint64_t number = 0;  ///< event number; before the event has one, the place of the record in its request
    std::uint64_t key = 0;     ///< the learner's own hashes of who called; 0: the call tells more than that
    std::uint64_t use = 0;
    Time at{};  ///< eventTime
    std::string
        text{};  ///< what the learner wants of the record, in its own encoding; empty: it seemed to tell nothing new
};

/// Looks at records that come in, and learns from those that are stored. What it misses it reads from the log.
class LiveLearner {
public:
    virtual ~LiveLearner() = default;

    /// What is to be kept of a record; nothing, when there is nothing to learn from it. `evidence`: what a gateway says
    /// of it. Any number of threads at once; does not block.
    virtual std::optional<CallNote> look(const EventView& event, bool from_gateway, std::string_view evidence) = 0;

    /// All events below `end` are durable; `notes` are those of the ones that were not yet when this was called last,
    /// in number order. Called by one thread; must not block for long.
    virtual void publish(std::uint64_t end, std::vector<CallNote> notes) = 0;
};

}  // namespace cairn
