#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/event_log.h"
#include "seam/meta_store.h"

namespace cairn::follow {

/// A thing to be done outside, decided before it is done: a file to upload, a message to send. Kept in the meta store
/// from plan to publish, so that after a crash the same thing is done again, unchanged (DESIGN.md principle 4).
struct Plan {
    std::uint64_t id = 0;    ///< given by the follower, growing
    std::uint64_t from = 0;  ///< event numbers whose records it needs, [from, to): they are kept until it is published
    std::uint64_t to = 0;    ///< equal to `from`: it needs none
    std::string lane;        ///< plans of a lane are done one after the other; lanes do not wait for each other
    std::string body;        ///< the view's own encoding: bucket, key, time, hash of the content
};

/// One consumer of the log. plan(), store() and restart() are called by one thread at a time; put(), publish() and
/// failed() by other threads meanwhile, for one plan of a lane at a time.
class View {
public:
    virtual ~View() = default;

    /// Names its position and plans in the meta store, and its metrics. Constant.
    virtual std::string name() const = 0;

    /// What was read and not planned is forgotten: reading goes on at `position`. Called at the start, and whenever
    /// something could not be stored.
    virtual void restart(std::uint64_t position) = 0;

    struct Planned {
        std::uint64_t read_to = 0;   ///< where to read on
        std::uint64_t position = 0;  ///< every event below is in a plan, or needs none: where a restart begins
        std::vector<Plan> plans;
        bool store = false;  ///< store() has something to do though there are no plans
    };
    /// Looks at `blocks`, the first of which may begin before `from`; without any when nothing came for a while. Says
    /// what is to be done. Must depend on nothing but blocks, configuration with validity times, and time.
    virtual Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) = 0;

    /// Rows that belong to the plans, in the transaction that stores them. May add plans. May run more than once.
    virtual Result<void> store(Transaction& transaction, Planned& planned) = 0;

    /// Does it. Called again with the same plan after a crash or an error, so it must be repeatable. May block.
    virtual Result<void> put(const Plan& plan) = 0;

    /// Records receipts in the transaction that ends the plan; `more` are plans that follow from it. May run more than
    /// once.
    virtual Result<void> publish(Transaction& transaction, const Plan& plan, std::vector<Plan>& more) = 0;

    /// Notes that put() failed, in a transaction. True: the plan is given up. May run more than once.
    virtual Result<bool> failed(Transaction& transaction, const Plan& plan, const Error& error) = 0;
};

}  // namespace cairn::follow
