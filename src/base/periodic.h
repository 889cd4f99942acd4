#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cairn {

/// Calls a function again and again on a thread of its own, with `pause` between two calls and before the first. The
/// destructor waits for a call that runs.
class Periodic {
public:
    Periodic(std::chrono::milliseconds pause, std::function<void()> call);
    ~Periodic();
    Periodic(const Periodic&) = delete;
    Periodic& operator=(const Periodic&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace cairn
