#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "seam/live_learner.h"
#include "view/session/told.h"

namespace cairn::session {

/// Notes of calls that have just come in, until the view takes them: bounded, and without loss, for what is not here
/// any more is in the log.
class Recent final : public LiveLearner {
public:
    /// `told` outlives it.
    explicit Recent(const Told& told) : told_(told) {}

    /// Everything from `number` on will be published. Before that nothing is here.
    void begin_at(std::uint64_t number);

    std::optional<CallNote> look(const EventView& event, bool from_gateway, std::string_view evidence) override;
    void publish(std::uint64_t end, std::vector<CallNote> notes) override;

    /// The notes of all events with `from` <= number < `to`, which are durable, in number order; none when some of them
    /// are not here. Waits a moment for what is to be published. One thread.
    std::optional<std::vector<CallNote>> take(std::uint64_t from, std::uint64_t to);

private:
    void drop(std::uint64_t end);

    const Told& told_;
    std::mutex mutex_;
    std::condition_variable published_;
    bool begun_ = false;                 // guarded by mutex_, as are all below
    std::uint64_t begin_ = 0, end_ = 0;  // what is here
    std::deque<CallNote> notes_;
    std::size_t bytes_ = 0;  // of them
};

}  // namespace cairn::session
