#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cairn::history {

/// Threads that help one long search at a time. They run behind everybody else: short lookups and recording come first.
class Helpers {
public:
    explicit Helpers(unsigned threads_max) : threads_max_(threads_max) {}
    ~Helpers();

    /// As many as there are cores beside the caller's, up to a bound.
    static unsigned suitable();

    /// Calls `work(i)` for every i below `count`, on this thread and, unless they help somebody else, on the helpers.
    /// Returns when all calls have. `work` must not call run() itself.
    void run(std::size_t count, const std::function<void(std::size_t)>& work);

private:
    void start();
    void help();
    void work_off(std::size_t count, const std::function<void(std::size_t)>& work);

    const unsigned threads_max_;
    std::mutex in_use_;  // held by whom they help

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void(std::size_t)>* work_ = nullptr;  // guarded by mutex_; lives while helping_ > 0
    std::size_t count_ = 0;                                   // guarded by mutex_
    std::uint64_t round_ = 0;                                 // guarded by mutex_
    unsigned helping_ = 0;                                    // guarded by mutex_
    bool stop_ = false;                                       // guarded by mutex_
    std::atomic<std::size_t> next_ = 0;
    std::vector<std::thread> threads_;  // by whom they help
};

}  // namespace cairn::history
