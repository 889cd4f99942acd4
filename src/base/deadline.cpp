#include "base/deadline.h"

#include <algorithm>

namespace cairn {

namespace {

using Steady = std::chrono::steady_clock;

thread_local Steady::time_point end_of_thread = Steady::time_point::max();

}  // namespace

Deadline::Deadline(std::chrono::milliseconds from_now) : outer_(end_of_thread) {
    end_of_thread = std::min(outer_, Steady::now() + from_now);
}

Deadline::~Deadline() { end_of_thread = outer_; }

std::chrono::milliseconds Deadline::left(std::chrono::milliseconds most) {
    if (end_of_thread == Steady::time_point::max()) return most;
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(end_of_thread - Steady::now());
    return std::clamp(rest, std::chrono::milliseconds(0), most);
}

}  // namespace cairn
