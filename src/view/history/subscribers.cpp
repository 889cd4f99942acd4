#include "view/history/subscribers.h"

namespace cairn::history {

Subscribers::~Subscribers() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void Subscribers::tell(std::shared_ptr<const IndexBatch> batch) {
    std::lock_guard lock(mutex_);
    if (subscribers_.empty()) return;
    batches_.emplace_back(next_id_, std::move(batch));
    changed_.notify_all();
}

std::uint64_t Subscribers::add(History::Subscriber use) {
    std::lock_guard lock(mutex_);
    const auto id = next_id_++;
    subscribers_.emplace(id, std::make_shared<History::Subscriber>(std::move(use)));
    any_.store(true, std::memory_order_relaxed);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    return id;
}

void Subscribers::remove(std::uint64_t id) {
    std::unique_lock lock(mutex_);
    subscribers_.erase(id);
    any_.store(!subscribers_.empty(), std::memory_order_relaxed);
    if (thread_.get_id() != std::this_thread::get_id()) changed_.wait(lock, [&] { return calling_ != id; });
}

void Subscribers::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stop_ || !batches_.empty(); });
        if (stop_) return;
        const auto [newest, batch] = std::move(batches_.front());
        batches_.pop_front();
        for (std::uint64_t id = 0; !stop_;) {
            const auto next = subscribers_.upper_bound(id);
            if (next == subscribers_.end() || next->first >= newest) break;  // later ones came after these events
            id = next->first;
            const auto use = next->second;
            calling_ = id;
            lock.unlock();
            (*use)(*batch);
            lock.lock();
            calling_ = 0;
            changed_.notify_all();
        }
    }
}

}  // namespace cairn::history
