#pragma once

#include <atomic>
#include <chrono>

#include "seam/clock.h"

namespace cairn::support {

/// A clock that stands still until it is set. Any thread.
class FakeClock final : public Clock {
public:
    /// 2026-11-21T12:00:00Z.
    static constexpr std::int64_t start_ms = 1'795'262'400'000;

    explicit FakeClock(Time start = from_milliseconds(start_ms)) : now_(to_milliseconds(start)) {}

    Time now() const override { return from_milliseconds(now_.load()); }
    void set(Time time) { now_.store(to_milliseconds(time)); }
    void advance(std::chrono::milliseconds by) { now_.fetch_add(by.count()); }

private:
    std::atomic<std::int64_t> now_;
};

}  // namespace cairn::support
