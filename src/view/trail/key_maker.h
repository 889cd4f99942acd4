#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "seam/clock.h"
#include "view/trail/signing_keys.h"

namespace cairn::trail {

/// Makes the keys that sign digests on a thread of its own: a trail of all Regions needs one in each, which together
/// take seconds of CPU, and nobody who delivers waits for them.
class KeyMaker {
public:
    /// Both outlive it.
    KeyMaker(SigningKeys& keys, const Clock& clock);

    /// Waits for the key that is being made; those that wait are made when they are wanted again.
    ~KeyMaker();
    KeyMaker(const KeyMaker&) = delete;
    KeyMaker& operator=(const KeyMaker&) = delete;

    /// Sees to it that `region` has a key that lasts, soon. Any thread; returns at once. What fails is logged, and done
    /// when it is wanted again.
    void want(const std::string& region);

private:
    void run();

    SigningKeys& keys_;
    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::string> wanted_;  // guarded by mutex_; the first is being made
    bool stopping_ = false;           // guarded by mutex_
    std::thread thread_;
};

}  // namespace cairn::trail
