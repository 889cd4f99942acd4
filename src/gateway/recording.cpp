#include "gateway/recording.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "wire/body_limits.h"
#include "wire/post_form.h"

namespace cairn::gateway {

namespace {

/// Of bodies that say which call it is: enough for any of them, and the beginning of what is longer.
constexpr std::size_t form_bytes_max = 1u << 20, form_first_bytes = 64 * 1024;

/// The fields of an upload, and the head of the file behind them.
constexpr std::size_t upload_first_bytes = wire::post_form_bytes_max + 4 * 1024;

std::size_t size_of(const GatewayRecord& record) { return record.text.size() + record.evidence.size(); }

/// Calls `done` once all of several records are durable, or with the error of one.
class All {
public:
    All(std::size_t records, Recorder::Done done) : open_(records), done_(std::move(done)) {}

    void one(Result<void> result) {
        std::unique_lock lock(mutex_);
        if (!result) outcome_ = std::move(result);
        if (--open_ > 0) return;
        lock.unlock();
        done_(std::move(outcome_));
    }

private:
    std::mutex mutex_;
    std::size_t open_;      // guarded by mutex_
    Result<void> outcome_;  // guarded by mutex_
    Recorder::Done done_;
};

}  // namespace

Recording::Recording(RecordingOptions options, Callers& callers, RecordSink& sink, Metrics& metrics)
    : options_(std::move(options)),
      maker_(options_.records, callers, metrics),
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

CopyLimits Recording::limits(const net::Request& head, const wire::Classified* call,
                             const net::Response* response) const {
    CopyLimits limits;
    if (!call) {
        const bool upload = head.find("content-type").starts_with("multipart/");
        limits.request_bytes_max = upload ? upload_first_bytes : form_bytes_max;
        limits.request_first_bytes = upload ? upload_first_bytes : form_first_bytes;
    } else {
        limits.request_bytes_max = wire::request_bytes_kept(*call);
        if (response) limits.response_bytes_max = wire::answer_bytes_kept(*call, response->status);
    }
    return limits;
}

void Recording::record(Call call, Done done) {
    auto records = maker_.make(call);
    if (records.empty()) return done({});
    const auto first = sequence_.fetch_add(records.size(), std::memory_order_relaxed);
    for (std::size_t i = 0; i < records.size(); ++i) records[i].sequence = first + i;
    if (records.size() == 1) return submit(std::move(records.front()), std::move(done));
    const auto all = std::make_shared<All>(records.size(), std::move(done));
    for (auto& record : records) submit(std::move(record), [all](Result<void> result) { all->one(std::move(result)); });
}

void Recording::submit(GatewayRecord record, Done done) {
    {
        std::lock_guard lock(mutex_);
        ++under_way_;
    }
    auto given = record;
    sink_.submit(std::move(given),
                 [this, record = std::move(record), done = std::move(done)](Result<void> result) mutable {
                     if (result)
                         recorded_.add();
                     else
                         keep(std::move(record), result.error());
                     done(std::move(result));
                     left();
                 });
}

void Recording::left() {
    std::lock_guard lock(mutex_);
    if (--under_way_ == 0) changed_.notify_all();
}

void Recording::keep(GatewayRecord record, const Error& error) {
    std::lock_guard lock(mutex_);
    if (waiting_bytes_ + size_of(record) > options_.waiting_bytes_max) {
        dropped_.add();
        return;
    }
    if (waiting_.empty()) log_error("records cannot be made durable; they wait in memory", {{"reason", error.message}});
    waiting_bytes_ += size_of(record);
    waiting_.push_back(std::move(record));
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
    sink_.submit(first, [&](Result<void> result) {
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
    waiting_bytes_ -= size_of(first);
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
