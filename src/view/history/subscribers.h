#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "view/history/history.h"

namespace cairn::history {

/// Tells subscribers of new events on a thread of its own, which runs while there are any.
class Subscribers {
public:
    ~Subscribers();

    /// Whether somebody listens. Cheap.
    bool any() const { return any_.load(std::memory_order_relaxed); }

    /// Hands a batch on. Does not block.
    void tell(std::shared_ptr<const IndexBatch> batch);

    std::uint64_t add(History::Subscriber use);

    /// On return `use` is not running and will not be called, unless called from within it.
    void remove(std::uint64_t id);

private:
    void run();

    std::atomic<bool> any_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, std::shared_ptr<History::Subscriber>> subscribers_;  // guarded by mutex_
    std::deque<std::pair<std::uint64_t, std::shared_ptr<const IndexBatch>>>
        batches_;                // guarded by mutex_; with the newest id then
    std::uint64_t next_id_ = 1;  // guarded by mutex_
    std::uint64_t calling_ = 0;  // guarded by mutex_; id of the running call
    bool stop_ = false;          // guarded by mutex_
    std::thread thread_;         // guarded by mutex_
};

}  // namespace cairn::history
