#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "follow/progress.h"
#include "seam/clock.h"

namespace cairn::follow {

/// The open plans of a view, and who may do which now: the first of each lane, one at a time, not before its pause
/// after a failure is over. Any thread.
class Lanes {
public:
    /// Of the lanes of one kind (the text before the first "/") at most `kind_busy_max` are busy at once.
    Lanes(std::int64_t retry_least_ms, std::int64_t retry_most_ms, int kind_busy_max, std::uint64_t seed)
        : retry_least_ms_(retry_least_ms),
          retry_most_ms_(retry_most_ms),
          kind_busy_max_(kind_busy_max),
          random_(seed) {}

    /// Only these are open. Claims made before mean nothing any more.
    void reset(std::vector<PlanHead> open);

    void add(std::vector<PlanHead> plans);

    /// The right to do a plan, until done() or failed().
    struct Claim {
        PlanHead plan;
        std::uint64_t generation = 0;
    };
    std::optional<Claim> claim(Time now);

    /// As claim(), but waits up to `timeout_ms` for one to be there. Empty also after stop().
    std::optional<Claim> wait_and_claim(const Clock& clock, int timeout_ms);

    /// The plan is no longer open; others follow from it.
    void done(const Claim& claim, std::vector<PlanHead> more);

    /// The lane pauses. Returns for how long, in milliseconds.
    std::int64_t failed(const Claim& claim, Time now);

    /// What pauses after a failure may be done at once.
    void retry_now();

    /// Ends all waiting.
    void stop();

    /// The oldest event that an open plan needs, or `otherwise` if that is less.
    std::uint64_t oldest_needed(std::uint64_t otherwise) const;

private:
    struct Lane {
        std::deque<PlanHead> plans;
        bool busy = false;
        unsigned failures = 0;
        Time failed_at{}, due{};
    };
    std::optional<Claim> claim_locked(Time now);
    void free_locked(const std::string& name, Lane& lane);
    void add_locked(std::vector<PlanHead> plans);

    const std::int64_t retry_least_ms_, retry_most_ms_;
    const int kind_busy_max_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::mt19937_64 random_;  // guarded by mutex_, as are all below
    std::map<std::string, Lane> lanes_;
    std::map<std::string, int, std::less<>> busy_;  // lanes, by kind
    std::string last_claimed_;                      // lanes take turns
    std::uint64_t generation_ = 0;
    bool stopping_ = false;
};

}  // namespace cairn::follow
