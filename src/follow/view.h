#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/event_log.h"
#include "seam/meta_store.h"

namespace cairn::follow {

/// A thing to be done outside, decided before it is done: a file to upload, a message to send. Kept in the meta store from
/// plan to publish, so that after a crash the same thing is done again, unchanged (DESIGN.md principle 4).
struct Plan {
    std::uint64_t id = 0;       ///< given by the follower, growing
    std::uint64_t from = 0;     ///< range of event numbers it covers: [from, to)
    std::uint64_t to = 0;
    std::string body;           ///< the view's own encoding: bucket, key, time, hash of the content
};

/// One consumer of the log. Called by its follower, by one thread at a time.
class View {
public:
    virtual ~View() = default;

    /// Names its position and plans in the meta store, and its metrics. Constant.
    virtual std::string name() const = 0;

    /// Looks at `blocks` (which begin at or after `from`) and says what is to be done, and up to where it has read.
    /// Must depend on nothing but blocks and configuration with validity times, so that it can be repeated.
    struct Planned {
        std::uint64_t read_to = 0;
        std::vector<Plan> plans;
    };
    virtual Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) = 0;

    /// Does it. Called again with the same plan after a crash or an error, so it must be repeatable. May block.
    virtual Result<void> put(const Plan& plan) = 0;

    /// Records receipts beside the follower's own position change, in the same transaction. May run more than once.
    virtual Result<void> publish(Transaction& transaction, const Plan& plan) = 0;
};

}  // namespace cairn::follow
