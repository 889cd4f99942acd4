#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "ingest/request.h"
#include "seam/live_learner.h"
#include "seam/live_view.h"
#include "seam/seen.h"

namespace cairn::ingest {

/// Makes durable events visible and then answers their requests, on a thread of its own, so that neither the log nor
/// a server waits for a view.
class Publisher {
public:
    using Pointer = std::shared_ptr<Request>;
    using Answer = std::function<void(Request&, Result<void>)>;

    using Around = std::function<void(const std::function<void()>& answer_all)>;

    /// To whom durable events are told, in this order; all of them outlive it.
    struct Parts {
        std::vector<LiveView*> views;
        LiveLearner* learner;  ///< or null
        Seen& seen;
    };

    /// All events below `end` are visible already. `answer` is called once per request, from the publisher's thread,
    /// inside `around` if there is one.
    Publisher(Parts parts, std::uint64_t end, Answer answer, Around around);

    /// Takes what is left, answers it and stops.
    ~Publisher();

    /// The events of `request` are durable, or never will be. In number order. With `more_follow` another call comes at
    /// once: the publisher's thread is woken by the last one.
    void appended(Pointer request, Result<void> outcome, bool more_follow = false);

    /// A request that stored nothing, but repeats events that may still be on their way: it is answered with them.
    void wait_for_others(Pointer request);

    /// All events below are durable and visible.
    std::uint64_t end() const { return end_.load(std::memory_order_acquire); }

private:
    struct Item {
        Pointer request;
        bool waits = false;
        Result<void> outcome;
    };

    void run();
    void take(std::deque<Item> items);
    void answer_all(std::deque<Item>& items);
    void answer_waiting();

    const Parts parts_;
    const Answer answer_;
    const Around around_;
    std::atomic<std::uint64_t> end_;
    BoundedQueue<Item> queue_;

    // Of the thread only.
    std::multimap<std::uint64_t, Pointer> waiting_;  ///< by the end they need
    std::optional<Error> failed_;

    std::thread thread_;
};

}  // namespace cairn::ingest
