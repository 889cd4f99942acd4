#include "view/trail/key_maker.h"

#include <algorithm>

#include "base/log.h"

namespace cairn::trail {

KeyMaker::KeyMaker(SigningKeys& keys, const Clock& clock) : keys_(keys), clock_(clock), thread_([this] { run(); }) {}

KeyMaker::~KeyMaker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void KeyMaker::want(const std::string& region) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(wanted_, region) != wanted_.end()) return;
    wanted_.push_back(region);
    wake_.notify_one();
}

void KeyMaker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [&] { return stopping_ || !wanted_.empty(); });
        if (stopping_) return;
        const auto region = wanted_.front();
        lock.unlock();
        if (const auto made = keys_.current(region, clock_.now()); !made)
            log_error("a key for digests could not be made", {{"region", region}, {"reason", made.error().message}});
        lock.lock();
        wanted_.pop_front();
    }
}

}  // namespace cairn::trail
