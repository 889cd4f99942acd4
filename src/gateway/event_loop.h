#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/answer_burst.h"

namespace cairn::gateway {

using Moment = std::chrono::steady_clock::time_point;

/// What an event loop calls when one of its sockets can move on, always on the loop's thread.
class Watched {
public:
    virtual ~Watched() = default;
    virtual void ready(std::uint32_t events) = 0;  ///< as epoll gives them
};

/// What has a deadline. The loop asks all of its members every tick.
class Timed {
public:
    virtual ~Timed() = default;
    virtual void tick(Moment now) = 0;

    std::size_t place = 0;  ///< among those of the loop
};

/// One thread that waits for many sockets (edge-triggered). Members are for the loop's thread unless they say
/// otherwise.
class EventLoop final : public net::TaskRunner, public std::enable_shared_from_this<EventLoop> {
public:
    static constexpr std::chrono::milliseconds tick_interval{50};
    static constexpr std::size_t scratch_bytes = 256 * 1024;

    static std::shared_ptr<EventLoop> start();
    ~EventLoop() override;

    /// Any thread. False, and the task is dropped, once the loop has ended.
    bool post(Task task);
    void run_all(std::vector<Task> tasks) override;

    /// Like post(), by one who may be answering several: an AnswerBurst of the calling thread wakes the loop once.
    void post_answer(Task task);

    /// Any thread but the loop's. Runs what was posted, then ends; blocks until it has.
    void stop();

    bool is_this_thread() const { return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed); }

    void watch(int socket, Watched& watched);

    /// Once more, before the loop waits again: for who has not finished, but lets others come first.
    void again(std::shared_ptr<void> alive, std::function<void()> run);

    /// Keeps something alive until the events at hand are through.
    void bury(std::shared_ptr<void> dead) { dead_.push_back(std::move(dead)); }

    void add_timed(Timed& timed);
    void remove_timed(Timed& timed);

    Moment now() const { return now_; }           ///< of the events at hand
    char* scratch() { return scratch_->data(); }  ///< for anyone until they return

private:
    EventLoop();
    void run();
    void take_posted();
    void wake();

    int epoll_ = -1, wake_ = -1;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
    Moment now_{}, next_tick_{};
    std::vector<Timed*> timed_;
    std::vector<std::pair<std::shared_ptr<void>, std::function<void()>>> again_;
    std::vector<std::shared_ptr<void>> dead_;
    std::unique_ptr<std::array<char, scratch_bytes>> scratch_;

    std::mutex mutex_;
    std::vector<Task> posted_;  // guarded by mutex_
    bool stopping_ = false;     // guarded by mutex_
    bool ended_ = false;        // guarded by mutex_
};

}  // namespace cairn::gateway
