#include "gateway/recording.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t form_bytes_max = 1u << 20, error_bytes_max = 64 * 1024;

}  // namespace

Recording::Recording(RecordingOptions options, RecordSink& sink, Metrics& metrics)
    : options_(std::move(options)),
      sink_(sink),
      recorded_(metrics.counter("cairn_gateway_records_total", "Records that became durable")),
      dropped_(metrics.counter("cairn_gateway_dropped_records_total",
                               "Records lost: too many waited, or the gateway ended before they were taken")),
      // Later than all of an earlier run, without a file to remember them.
      sequence_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count())),
      retrier_([this] { retry(); }) {}

Recording::~Recording() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    retrier_.join();
    std::unique_lock lock(mutex_);
    while (!waiting_.empty() && give_first(lock)) {
    }
    changed_.wait(lock, [&] { return under_way_ == 0; });
    if (waiting_.empty()) return;
    dropped_.add(waiting_.size());
    log_error("records of calls are lost: they could not be made durable", {{"records", waiting_.size()}});
}

CopyLimits Recording::limits(const net::Request& head, const net::Response* response) const {
    CopyLimits limits;
    if (head.find("content-type").starts_with("application/x-www-form-urlencoded"))
        limits.request_bytes_max = form_bytes_max;
    if (response != nullptr && response->status >= 300) limits.response_bytes_max = error_bytes_max;
    return limits;
}

void Recording::record(Call call, Done done) {
    static const Home nowhere{"123456789012", "us-east-1"};
    const auto home = options_.homes.find(call.upstream);
    submit(build_record(call, home == options_.homes.end() ? nowhere : home->second, options_.name),
           sequence_.fetch_add(1, std::memory_order_relaxed), std::move(done));
}

void Recording::submit(std::string text, std::uint64_t sequence, Done done) {
    {
        std::lock_guard lock(mutex_);
        ++under_way_;
    }
    sink_.submit(text, sequence, [this, text, sequence, done = std::move(done)](Result<void> result) mutable {
        if (result)
            recorded_.add();
        else
            keep({std::move(text), sequence}, result.error());
        done(std::move(result));
        left();
    });
}

void Recording::left() {
    std::lock_guard lock(mutex_);
    if (--under_way_ == 0) changed_.notify_all();
}

void Recording::keep(Waiting waiting, const Error& error) {
    std::lock_guard lock(mutex_);
    if (waiting_bytes_ + waiting.text.size() > options_.waiting_bytes_max) {
        dropped_.add();
        return;
    }
    if (waiting_.empty()) log_error("records cannot be made durable; they wait in memory", {{"reason", error.message}});
    waiting_bytes_ += waiting.text.size();
    waiting_.push_back(std::move(waiting));
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    changed_.notify_all();
}

/// Gives the oldest record once more, and waits for what becomes of it. True when it was taken.
bool Recording::give_first(std::unique_lock<std::mutex>& lock) {
    const auto first = waiting_.front();
    lock.unlock();
    Result<void> outcome;
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    sink_.submit(first.text, first.sequence, [&](Result<void> result) {
        std::lock_guard inner(mutex);
        outcome = std::move(result);
        done = true;
        answered.notify_all();
    });
    {
        std::unique_lock inner(mutex);
        answered.wait(inner, [&] { return done; });
    }
    lock.lock();
    if (!outcome) return false;
    recorded_.add();
    waiting_bytes_ -= first.text.size();
    waiting_.pop_front();
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    if (waiting_.empty()) log_info("records are durable again");
    return true;
}

void Recording::retry() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        if (give_first(lock)) continue;
        changed_.wait_for(lock, options_.retry_interval, [&] { return stopping_; });
    }
}

}  // namespace cairn::gateway
