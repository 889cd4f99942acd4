#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cairn::api {

/// A few threads for calls that may wait for the disk, so that the server's threads never do.
class WorkerPool {
public:
    using Job = std::move_only_function<void()>;

    WorkerPool(int threads, std::size_t jobs_max);

    /// Finishes what was submitted.
    ~WorkerPool();

    /// False when so many jobs wait that the caller should refuse the request. Does not block.
    bool has_room() const;

    /// Runs `job` soon, whether or not there was room. Dropped once the pool is stopping. Does not block.
    void submit(Job job);

private:
    void work();

    const std::size_t jobs_max_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;   // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::vector<std::jthread> threads_;
};

}  // namespace cairn::api
