#include "base/periodic.h"

#include <utility>

namespace cairn {

Periodic::Periodic(std::chrono::milliseconds pause, std::function<void()> call)
    : thread_([this, pause, call = std::move(call)] {
          std::unique_lock lock(mutex_);
          while (!wake_.wait_for(lock, pause, [&] { return stopping_; })) {
              lock.unlock();
              call();
              lock.lock();
          }
      }) {}

Periodic::~Periodic() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

}  // namespace cairn
