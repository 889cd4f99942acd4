#include "view/history/helpers.h"

#include <algorithm>

#include <sys/resource.h>
#include <unistd.h>

namespace cairn::history {

namespace {

constexpr unsigned threads_bound = 7;
constexpr int niceness = 10;

}  // namespace

unsigned Helpers::suitable() { return std::clamp(std::thread::hardware_concurrency(), 1u, threads_bound + 1) - 1; }

Helpers::~Helpers() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
}

void Helpers::run(std::size_t count, const std::function<void(std::size_t)>& work) {
    const std::unique_lock mine(in_use_, std::try_to_lock);
    if (!mine.owns_lock() || threads_max_ == 0 || count < 2) {
        for (std::size_t i = 0; i < count; ++i) work(i);
        return;
    }
    start();
    {
        std::lock_guard lock(mutex_);
        work_ = &work;
        count_ = count;
        next_ = 0;
        ++round_;
        changed_.notify_all();
    }
    work_off(count, work);
    std::unique_lock lock(mutex_);
    work_ = nullptr;  // who comes late has nothing to do
    changed_.wait(lock, [&] { return helping_ == 0; });
}

void Helpers::start() {
    while (threads_.size() < threads_max_) threads_.emplace_back([this] { help(); });
}

void Helpers::work_off(std::size_t count, const std::function<void(std::size_t)>& work) {
    for (auto i = next_++; i < count; i = next_++) work(i);
}

void Helpers::help() {
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stop_ || (work_ != nullptr && round_ != seen); });
        if (stop_) return;
        seen = round_;
        ++helping_;
        const auto count = count_;
        const auto& work = *work_;
        lock.unlock();
        work_off(count, work);
        lock.lock();
        --helping_;
        changed_.notify_all();
    }
}

}  // namespace cairn::history
