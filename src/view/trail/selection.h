#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "event/envelope.h"
#include "event/record.h"
#include "view/trail/keys.h"
#include "view/trail/trails.h"

namespace cairn::trail {

/// Which trails want an event: their selectors, regions and logging times as they were when the event came in.
/// Immutable; any thread.
class Selection {
public:
    explicit Selection(const Trails::Snapshot& snapshot);
    ~Selection();

    std::uint64_t generation() const { return generation_; }
    bool empty() const { return trails_.empty(); }

    /// A trail that wants an event, with the settings it had at that moment. Valid as long as the selection.
    struct Hit {
        const Trail* trail = nullptr;
        Tree tree = Tree::events;
    };

    /// Fills `hits`. Events that were imported or replayed are wanted by nobody (DESIGN.md principle 8).
    /// - A trail of one region gets global service events only when it includes them (user guide, "Global service
    /// events").
    /// - A trail with RecursiveLogging off does not get what its own delivery causes (user guide, "Suppressing
    /// recursive events").
    void select(const EventView& event, const Envelope& envelope, std::vector<Hit>& hits) const;

private:
    struct Account;
    const Account* find_account(std::string_view name) const;

    const std::uint64_t generation_;
    const std::vector<std::shared_ptr<const TrailHistory>> trails_;
    std::vector<Account> accounts_;  // by name
};

/// The tree of an event's file.
Tree tree_of(const EventView& event);

}  // namespace cairn::trail
