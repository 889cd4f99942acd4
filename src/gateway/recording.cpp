#include "gateway/recording.h"

#include <memory>
#include <optional>
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

std::size_t size_of(const std::vector<GatewayRecord>& records) {
    std::size_t bytes = 0;
    for (const auto& record : records) bytes += record.text.size() + record.evidence.size();
    return bytes;
}

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

/// For who waits for record_head(): the record was made, nothing follows.
Recorder::Done as_it_is(Recorder::Begun done) {
    return [done = std::move(done)](Result<void> result) mutable {
        if (!result) return done(fail(std::move(result).error()));
        done(std::nullopt);
    };
}

/// Waits on one thread for what is done on another.
class Waiter {
public:
    auto done() {
        return [this](Result<void> result) {
            std::lock_guard lock(mutex_);
            outcome_ = std::move(result);
            answered_.notify_all();
        };
    }
    Result<void> wait() {
        std::unique_lock lock(mutex_);
        answered_.wait(lock, [&] { return outcome_.has_value(); });
        return *outcome_;
    }

private:
    std::mutex mutex_;
    std::condition_variable answered_;
    std::optional<Result<void>> outcome_;  // guarded by mutex_
};

}  // namespace

Recording::Recording(RecordingOptions options, Callers& callers, RecordSink& sink, Metrics& metrics,
                     IntentJournal* journal)
    : options_(std::move(options)),
      maker_(options_.records, callers, metrics),
      sink_(sink),
      journal_(journal),
      recorded_(metrics.counter("cairn_gateway_records_total", "Records that became durable")),
      dropped_(metrics.counter("cairn_gateway_dropped_records_total",
                               "Records lost: too many waited, or the gateway ended before they were taken")),
      // Later than all of an earlier run, without a file to remember them.
      sequence_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count())),
      retrier_([this] { retry(); }) {
    if (!journal_) return;
    auto unsettled = journal_->take_unsettled();
    if (!unsettled.empty())
        log_warning("calls were under way when the gateway ended: they are recorded as far as they are known",
                    {{"calls", unsettled.size()}});
    for (auto& [id, records] : unsettled) {
        if (records.empty()) {  // none of them could be read
            journal_->settle(id);
            continue;
        }
        number(records);
        auto left = standing(id, records.size());
        submit(std::move(records), std::move(left), [](const Result<void>&) {});
    }
}

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
    std::size_t lost = 0;
    for (const auto& waiting : waiting_) lost += records_lost_with(waiting);
    if (lost == 0) return;
    dropped_.add(lost);
    log_error("records of calls are lost: they could not be made durable", {{"records", lost}});
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

std::vector<GatewayRecord> Recording::make(const Call& call) {
    auto records = maker_.make(call);
    number(records);
    return records;
}

void Recording::number(std::vector<GatewayRecord>& records) {
    const auto first = sequence_.fetch_add(records.size(), std::memory_order_relaxed);
    for (std::size_t i = 0; i < records.size(); ++i) records[i].sequence = first + i;
}

void Recording::record(Call call, Done done) {
    auto records = make(call);
    const bool stands = journal_ && call.event_id;
    if (records.empty()) {
        if (stands) journal_->settle(*call.event_id);
        return done({});
    }
    if (stands) return put(*call.event_id, std::move(records), std::move(done));
    submit(std::move(records), nullptr, std::move(done));
}

void Recording::intend(Call call, Intended done) {
    if (!journal_) return done(fail(Code::invalid, "there is no journal for intents"));
    const auto id = random_uuid();
    call.event_id = id;
    const auto records = make(call);
    if (records.empty()) return done(id);  // there will be no record
    journal_->put(id, records, IntentJournal::Room::of_a_new_call,
                  [journal = journal_, id, done = std::move(done)](Result<void> result) mutable {
                      if (result) return done(id);
                      journal->settle(id);  // it may stand there all the same
                      done(fail(std::move(result).error()));
                  });
}

void Recording::record_head(Call call, Begun done) {
    if (!journal_) {
        call.part = Part::whole;
        return record(std::move(call), as_it_is(std::move(done)));
    }
    const bool intended = call.event_id.has_value();
    if (!intended) call.event_id = random_uuid();
    const auto id = *call.event_id;
    auto records = make(call);
    if (records.empty()) {
        journal_->settle(id);
        return done(std::nullopt);
    }
    using Room = IntentJournal::Room;
    const auto head = std::make_shared<std::vector<GatewayRecord>>(std::move(records));
    entered();
    journal_->put(id, *head, intended ? Room::of_its_end : Room::of_a_new_call,
                  [this, id, intended, head, done = std::move(done)](Result<void> result) mutable {
                      if (result) {
                          done(id);
                      } else if (intended) {
                          keep({std::move(*head), standing(id, head->size()), true}, result.error());
                          done(fail(std::move(result).error()));
                      } else {
                          journal_->settle(id);  // it may stand there all the same
                          submit(std::move(*head), nullptr, as_it_is(std::move(done)));
                      }
                      left();
                  });
}

void Recording::forget(const Uuid& event_id) {
    if (journal_) journal_->settle(event_id);
}

std::shared_ptr<Recording::Standing> Recording::standing(const Uuid& id, std::size_t records) {
    return std::make_shared<Standing>(id, records);
}

/// To the journal in the place of what stands there, then to the sink.
void Recording::put(const Uuid& id, std::vector<GatewayRecord> records, Done done) {
    const auto count = records.size();
    const auto waiting = std::make_shared<Waiting>(Waiting{std::move(records), standing(id, count), true});
    entered();
    journal_->put(id, waiting->records, IntentJournal::Room::of_its_end,
                  [this, waiting, done = std::move(done)](Result<void> result) mutable {
                      if (result) {
                          submit(std::move(waiting->records), std::move(waiting->standing), std::move(done));
                      } else {
                          keep(std::move(*waiting), result.error());
                          done(std::move(result));
                      }
                      left();
                  });
}

void Recording::submit(std::vector<GatewayRecord> records, std::shared_ptr<Standing> standing, Done done) {
    if (records.size() == 1) return submit(std::move(records.front()), std::move(standing), std::move(done));
    const auto all = std::make_shared<All>(records.size(), std::move(done));
    for (auto& record : records)
        submit(std::move(record), standing, [all](Result<void> result) { all->one(std::move(result)); });
}

void Recording::submit(GatewayRecord record, std::shared_ptr<Standing> standing, Done done) {
    entered();
    auto given = record;
    sink_.submit(std::move(given), [this, record = std::move(record), standing = std::move(standing),
                                    done = std::move(done)](Result<void> result) mutable {
        if (result) {
            stored(standing.get(), 1);
        } else {
            std::vector<GatewayRecord> records;
            records.push_back(std::move(record));
            keep({std::move(records), std::move(standing), false}, result.error());
        }
        done(std::move(result));
        left();
    });
}

/// The sink has so many more records of a call.
void Recording::stored(Standing* standing, std::size_t records) {
    recorded_.add(records);
    settle(standing, records);
}

void Recording::settle(Standing* standing, std::size_t records) {
    if (standing && standing->open.fetch_sub(records) == records) journal_->settle(standing->id);
}

void Recording::entered() {
    std::lock_guard lock(mutex_);
    ++under_way_;
}

void Recording::left() {
    std::lock_guard lock(mutex_);
    if (--under_way_ == 0) changed_.notify_all();
}

void Recording::keep(Waiting waiting, const Error& error) {
    if (!waiting.to_journal && error.code == Code::invalid) return give_up(waiting, error);
    std::lock_guard lock(mutex_);
    const auto bytes = size_of(waiting.records);
    if (waiting_bytes_ + bytes > options_.waiting_bytes_max) {
        dropped_.add(records_lost_with(waiting));
        return;
    }
    if (waiting_.empty()) log_error("records cannot be made durable; they wait in memory", {{"reason", error.message}});
    waiting_bytes_ += bytes;
    waiting_.push_back(std::move(waiting));
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    changed_.notify_all();
}

/// The sink will never take it: asking again would hold up all calls.
void Recording::give_up(const Waiting& waiting, const Error& error) {
    dropped_.add(waiting.records.size());
    log_error("records are lost: they are refused for good",
              {{"records", waiting.records.size()}, {"reason", error.message}});
    settle(waiting.standing.get(), waiting.records.size());
}

/// What the journal has is given to the sink when the gateway starts again.
std::size_t Recording::records_lost_with(const Waiting& waiting) {
    return waiting.standing && !waiting.to_journal ? 0 : waiting.records.size();
}

/// Gives the oldest records once more, and waits for what becomes of them. True when they were taken.
bool Recording::give_first(std::unique_lock<std::mutex>& lock) {
    const auto first = waiting_.front();
    lock.unlock();
    auto outcome = first.to_journal ? put_and_wait(first) : Result<void>();
    const bool in_journal = outcome.has_value();
    if (outcome) outcome = submit_and_wait(first.records);
    lock.lock();
    if (in_journal) waiting_.front().to_journal = false;
    const bool refused = !outcome && in_journal && outcome.error().code == Code::invalid;
    if (!outcome && !refused) return false;
    if (refused)
        give_up(first, outcome.error());
    else
        stored(first.standing.get(), first.records.size());
    waiting_bytes_ -= size_of(first.records);
    waiting_.pop_front();
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    if (waiting_.empty()) log_info("records are durable again");
    return true;
}

Result<void> Recording::put_and_wait(const Waiting& waiting) {
    Waiter waiter;
    journal_->put(waiting.standing->id, waiting.records, IntentJournal::Room::of_its_end, waiter.done());
    return waiter.wait();
}

Result<void> Recording::submit_and_wait(const std::vector<GatewayRecord>& records) {
    for (const auto& record : records) {
        Waiter waiter;
        sink_.submit(record, waiter.done());
        CAIRN_TRY(waiter.wait());
    }
    return {};
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
