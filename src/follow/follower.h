#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "follow/view.h"
#include "seam/clock.h"
#include "seam/event_log.h"
#include "seam/lease.h"
#include "seam/meta_store.h"

namespace cairn::follow {

struct FollowerOptions {
    std::size_t read_bytes_max = 8 << 20;  ///< of blocks, handed to a view at once
    int idle_wait_ms = 250;  ///< longest wait before the view is asked again, and lease and stop() are looked at
    int workers = 4;         ///< threads that do plans
    int kind_workers = 4;    ///< of them, busy at once with lanes of one kind (Lanes)
    std::int64_t lease_ms = 30'000;
    std::string holder;  ///< names this process in leases
    std::int64_t retry_least_ms = 100;
    std::int64_t retry_most_ms = 60'000;
    std::uint64_t position_events_max = 65'536;  ///< read without a plan before the position is stored
    std::int64_t position_pause_ms = 0;  ///< so long it may go unstored when fewer are read: a start reads them again
    std::uint64_t seed = 0;              ///< of the jitter between attempts
};

/// Drives one view: reads the log from the view's position and has it plan; stores plans, the rows that belong to them
/// and the position in one transaction; does the plans and publishes each in one transaction with its receipts
/// (DESIGN.md principle 4). Plans found open at the start are done unchanged before any later one of their lane. What
/// fails is tried again with growing pauses and delays nobody else: neither reading nor other lanes, nor other views.
class Follower {
public:
    /// All of them outlive it. Without `leases` this process is taken to be the only one.
    struct Parts {
        View& view;
        EventLog& log;
        MetaStore& store;
        Leases* leases = nullptr;
        const Clock& clock;
        Metrics& metrics;
    };

    Follower(Parts parts, FollowerOptions options);

    /// As stop().
    ~Follower();

    /// Starts its threads. Once.
    void start();

    /// Ends the threads after the calls of the view that are under way, and gives the lease back. Open plans stay open.
    /// Blocks.
    void stop();

    /// From the end of the steps under way until resume() nothing is done. Does not block. Any thread.
    void pause();
    void resume();

    /// Plans that wait after a failure are tried at once: what they failed for may be mended. Does not block. Any
    /// thread.
    void retry_now();

    /// One step on the calling thread, in place of start(): does one open plan that is due, or reads and plans; false
    /// when there is nothing to do, or another process has the lease. Errors: those of view, log, store and lease.
    Result<bool> step();

    /// Every event below is published, or needed no plan. Any thread.
    std::uint64_t position() const;

    /// Waits until position() >= `number` or `timeout_ms` have passed; true in the first case. Any thread.
    bool wait_for(std::uint64_t number, int timeout_ms) const;

private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace cairn::follow
