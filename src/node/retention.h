#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "admit/seen_index.h"
#include "base/periodic.h"
#include "journal/journal.h"
#include "node/config.h"
#include "node/disk_reserve.h"
#include "node/hold_keeper.h"
#include "seam/clock.h"

namespace cairn::node {

/// Lets archive files go when everything in them is older than `retention.*` allows, no legal hold covers an event of
/// them and every view has read them; looks once a minute, and sets `trimmed` when something went. Nothing is done when
/// no retention is set.
class Retention {
public:
    /// What it works with; all of them outlive it.
    struct Parts {
        journal::Journal& journal;
        admit::SeenIndex& seen;
        std::function<std::uint64_t()> read_by_all;  ///< every view has read, and needs no more, the events below
        HoldKeeper& holds;
        DiskReserve& reserve;
        const Clock& clock;
        std::atomic<bool>& trimmed;
    };

    Retention(const Config& config, Parts parts);

private:
    void look();

    const journal::Retention keep_;
    const Parts parts_;
    std::optional<Periodic> looks_;
};

}  // namespace cairn::node
