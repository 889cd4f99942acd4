#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace cairn {

/// Hands work from many threads to one. Blocks the giver when full and the taker when empty.
template <class T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t items_max) : items_max_(items_max) {}

    /// Blocks while the queue is full. False, and `item` is dropped, once the queue is closed. With `more_follow` a
    /// taker that waits sleeps on until a push without.
    bool push(T item, bool more_follow = false) {
        std::unique_lock lock(mutex_);
        not_full_.wait(lock, [&] { return closed_ || items_.size() < items_max_; });
        if (closed_) return false;
        items_.push_back(std::move(item));
        if (!more_follow || items_.size() == items_max_) not_empty_.notify_one();
        return true;
    }

    /// Blocks while the queue is empty. Empty once it is closed and everything was taken.
    std::optional<T> pop() {
        std::unique_lock lock(mutex_);
        not_empty_.wait(lock, [&] { return closed_ || !items_.empty(); });
        if (items_.empty()) return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        not_full_.notify_one();
        return item;
    }

    /// Takes everything that is there, blocking while there is nothing. Empty once closed and drained.
    std::deque<T> pop_all() {
        std::unique_lock lock(mutex_);
        not_empty_.wait(lock, [&] { return closed_ || !items_.empty(); });
        not_full_.notify_all();
        return std::exchange(items_, {});
    }

    /// No more pushes; what was pushed can still be taken.
    void close() {
        std::lock_guard lock(mutex_);
        closed_ = true;
        not_empty_.notify_all();
        not_full_.notify_all();
    }

private:
    const std::size_t items_max_;
    std::mutex mutex_;
    std::condition_variable not_full_, not_empty_;
    std::deque<T> items_;  // guarded by mutex_
    bool closed_ = false;  // guarded by mutex_
};

}  // namespace cairn
