#include "follow/follower.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "follow/back_off.h"
#include "follow/progress.h"

namespace cairn::follow {

namespace {

// How far behind the view is. Shared with the metrics, which may outlive the follower.
class Lag {
public:
    Lag(EventLog& log, const Clock& clock) : log_(&log), clock_(&clock) {}

    void disconnect() {
        const std::lock_guard lock(mutex_);
        log_ = nullptr;
    }

    // Remembers that now the log ends at `end`.
    void see(std::uint64_t end, Time now) {
        const std::lock_guard lock(mutex_);
        if (!seen_.empty() && seen_.back().end == end) return;
        if (seen_.size() == sightings_max) seen_.pop_back();
        seen_.push_back({end, now});
    }

    void reach(std::uint64_t position) {
        const std::lock_guard lock(mutex_);
        position_ = position;
        while (!seen_.empty() && seen_.front().end <= position) seen_.pop_front();
    }

    double events() const {
        const std::lock_guard lock(mutex_);
        if (log_ == nullptr) return 0;
        const auto end = log_->end();
        return end > position_ ? static_cast<double>(end - position_) : 0;
    }

    double seconds() const {
        const std::lock_guard lock(mutex_);
        if (log_ == nullptr || seen_.empty()) return 0;
        return std::max(0.0, static_cast<double>((clock_->now() - seen_.front().at).count()) * 1e-3);
    }

private:
    static constexpr std::size_t sightings_max = 1024;
    struct Sighting {
        std::uint64_t end;
        Time at;
    };

    mutable std::mutex mutex_;
    EventLog* log_;                // guarded by mutex_, as are all below
    const Clock* clock_;
    std::uint64_t position_ = 0;
    std::deque<Sighting> seen_;
};

}  // namespace

class Follower::Implementation {
public:
    Implementation(Parts parts, FollowerOptions options)
        : parts_(parts), options_(std::move(options)), name_(parts.view.name()), random_(options_.seed),
          lag_(std::make_shared<Lag>(parts.log, parts.clock)),
          published_(parts.metrics.counter("cairn_view_published_total", "Plans of a view done and published.", {{"view", name_}})),
          failures_(parts.metrics.counter("cairn_view_failures_total", "Failed attempts of a view.", {{"view", name_}})) {
        parts.metrics.gauge("cairn_view_lag_events", "Events in the log that a view has not published.",
                            [lag = lag_] { return lag->events(); }, {{"view", name_}});
        parts.metrics.gauge("cairn_view_lag_seconds", "How long the oldest of them has been waiting.",
                            [lag = lag_] { return lag->seconds(); }, {{"view", name_}});
    }

    ~Implementation() {
        stop();
        lag_->disconnect();
    }

    void start() {
        CAIRN_CHECK(!thread_.joinable());
        thread_ = std::thread([this] { work(); });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            changed_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        if (lease_ && parts_.leases != nullptr) (void)parts_.leases->release(*lease_, options_.holder);
        lease_.reset();
    }

    void pause(bool paused) {
        const std::lock_guard lock(mutex_);
        paused_ = paused;
        changed_.notify_all();
    }

    Result<bool> step() {
        auto done = try_step();
        if (!done) {
            progress_.reset();  // another may have been at work
            lease_.reset();
        }
        return done;
    }

    std::uint64_t position() const {
        const std::lock_guard lock(mutex_);
        return position_;
    }

    bool wait_for(std::uint64_t number, int timeout_ms) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return position_ >= number; });
    }

private:
    Result<bool> try_step();
    Result<bool> hold_lease();
    Result<void> load();
    Result<bool> plan();
    Result<void> finish(const Plan& plan);
    Result<void> store_position();
    Result<void> check_lease(Transaction& transaction);
    void reach(std::uint64_t position);
    bool rest(std::int64_t milliseconds);
    void work();

    const Parts parts_;
    const FollowerOptions options_;
    const std::string name_;
    std::mt19937_64 random_;
    const std::shared_ptr<Lag> lag_;
    Counter& published_;
    Counter& failures_;

    // Of the thread that does the steps.
    std::optional<Lease> lease_;
    Time lease_renewal_{};
    std::optional<Progress> progress_;   // as in the store, but for `position`, which may be ahead of it
    std::uint64_t stored_position_ = 0;
    std::uint64_t wanted_from_ = 0;      // the view can do nothing before there are events from here on
    std::uint64_t waiting_from_ = 0;     // end of the log when there was nothing to do

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool stopping_ = false, paused_ = false;  // guarded by mutex_
    std::uint64_t position_ = 0;              // guarded by mutex_
    std::thread thread_;
};

Result<bool> Follower::Implementation::try_step() {
    const auto held = hold_lease();
    if (!held) return fail(held.error());
    if (!*held) return false;
    if (!progress_) CAIRN_TRY(load());
    lag_->see(parts_.log.end(), parts_.clock.now());
    if (progress_->open.empty()) return plan();
    CAIRN_TRY(finish(progress_->open.front()));
    return true;
}

// False when another process has it.
Result<bool> Follower::Implementation::hold_lease() {
    if (parts_.leases == nullptr) return true;
    const auto now = parts_.clock.now();
    if (lease_ && now < lease_renewal_) return true;
    auto lease = parts_.leases->acquire("view/" + name_, options_.holder, options_.lease_ms);
    if (!lease || (lease_ && lease_->token != lease->token)) progress_.reset();
    if (!lease) {
        lease_.reset();
        if (lease.error().code != Code::conflict) return fail(std::move(lease).error());
        waiting_from_ = parts_.log.end();
        return false;
    }
    lease_ = std::move(*lease);
    lease_renewal_ = now + std::chrono::milliseconds(options_.lease_ms / 2);
    return true;
}

Result<void> Follower::Implementation::load() {
    Progress progress;
    CAIRN_TRY(parts_.store.view([&](Transaction& transaction) -> Result<void> {
        auto loaded = load_progress(transaction, name_);
        if (!loaded) return fail(std::move(loaded).error());
        progress = std::move(*loaded);
        return {};
    }));
    stored_position_ = progress.position;
    wanted_from_ = 0;
    progress_ = std::move(progress);
    reach(progress_->position);
    return {};
}

Result<bool> Follower::Implementation::plan() {
    auto& progress = *progress_;
    const auto end = parts_.log.end();
    if (end <= std::max(progress.position, wanted_from_)) {
        waiting_from_ = end;
        if (progress.position > stored_position_) CAIRN_TRY(store_position());
        return false;
    }
    const auto blocks = parts_.log.read(progress.position, options_.read_bytes_max);
    if (!blocks) return fail(blocks.error());
    auto planned = parts_.view.plan(progress.position, *blocks);
    if (!planned) return fail(std::move(planned).error());
    if (planned->read_to < progress.position)
        return fail(Code::internal, "view " + name_ + " has read backwards");
    if (planned->plans.empty()) {
        if (planned->read_to == progress.position) {
            wanted_from_ = waiting_from_ = end;
            return false;
        }
        progress.position = planned->read_to;
        reach(progress.position);
        if (progress.position - stored_position_ >= options_.position_events_max) CAIRN_TRY(store_position());
        return true;
    }

    auto next = progress;
    next.planned_to = planned->read_to;
    next.open = std::move(planned->plans);
    for (auto& plan : next.open) plan.id = next.next_plan_id++;
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        CAIRN_TRY(store_progress(transaction, name_, next));
        for (const auto& plan : next.open) CAIRN_TRY(store_plan(transaction, name_, plan));
        return {};
    }));
    stored_position_ = next.position;
    progress = std::move(next);
    return true;
}

Result<void> Follower::Implementation::finish(const Plan& plan) {
    CAIRN_TRY(parts_.view.put(plan));
    auto next = *progress_;
    next.open.erase(next.open.begin());
    if (next.open.empty()) next.position = next.planned_to;
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        CAIRN_TRY(parts_.view.publish(transaction, plan));
        CAIRN_TRY(erase_plan(transaction, name_, plan.id));
        return store_progress(transaction, name_, next);
    }));
    progress_ = std::move(next);
    stored_position_ = progress_->position;
    published_.add();
    reach(progress_->position);
    return {};
}

Result<void> Follower::Implementation::store_position() {
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        return store_progress(transaction, name_, *progress_);
    }));
    stored_position_ = progress_->position;
    return {};
}

Result<void> Follower::Implementation::check_lease(Transaction& transaction) {
    return lease_ ? parts_.leases->check(transaction, *lease_) : Result<void>{};
}

void Follower::Implementation::reach(std::uint64_t position) {
    lag_->reach(position);
    const std::lock_guard lock(mutex_);
    position_ = position;
    changed_.notify_all();
}

// False when it is time to stop.
bool Follower::Implementation::rest(std::int64_t milliseconds) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stopping_; });
    return !stopping_;
}

void Follower::Implementation::work() {
    unsigned failures = 0;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stopping_ || !paused_; });
            if (stopping_) return;
        }
        const auto done = step();
        if (!done) {
            failures_.add();
            ++failures;
            const auto wait = back_off_ms(failures, options_.retry_least_ms, options_.retry_most_ms, random_());
            log_warning("a view failed and tries again", {{"view", name_}, {"code", code_name(done.error().code)},
                                                          {"reason", done.error().message}, {"wait_ms", wait}});
            if (!rest(wait)) return;
            continue;
        }
        failures = 0;
        if (!*done) parts_.log.wait(waiting_from_, std::max(1, options_.idle_wait_ms));
    }
}

Follower::Follower(Parts parts, FollowerOptions options)
    : implementation_(std::make_unique<Implementation>(parts, std::move(options))) {}
Follower::~Follower() = default;
void Follower::start() { implementation_->start(); }
void Follower::stop() { implementation_->stop(); }
void Follower::pause() { implementation_->pause(true); }
void Follower::resume() { implementation_->pause(false); }
Result<bool> Follower::step() { return implementation_->step(); }
std::uint64_t Follower::position() const { return implementation_->position(); }
bool Follower::wait_for(std::uint64_t number, int timeout_ms) const { return implementation_->wait_for(number, timeout_ms); }

}  // namespace cairn::follow
