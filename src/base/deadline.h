#pragma once

#include <chrono>

namespace cairn {

/// What a thread calls elsewhere while this lives is over by one moment, however many services it asks one after the
/// other: clients clamp their time-outs and pauses by left(). A deadline within another can only be earlier. To be
/// destroyed by the thread that made it.
class Deadline {
public:
    explicit Deadline(std::chrono::milliseconds from_now);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    /// The time this thread has, at most `most`; 0 when it is over. Without a deadline `most`.
    static std::chrono::milliseconds left(std::chrono::milliseconds most);

private:
    const std::chrono::steady_clock::time_point outer_;
};

}  // namespace cairn
