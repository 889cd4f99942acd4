#include "follow/follower.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "follow/back_off.h"
#include "follow/lanes.h"

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
    EventLog* log_;  // guarded by mutex_, as are all below
    const Clock* clock_;
    std::uint64_t position_ = 0;
    std::deque<Sighting> seen_;
};

}  // namespace

class Follower::Implementation {
public:
    Implementation(Parts parts, FollowerOptions options)
        : parts_(parts),
          options_(std::move(options)),
          name_(parts.view.name()),
          random_(options_.seed),
          lanes_(options_.retry_least_ms, options_.retry_most_ms, options_.kind_workers, options_.seed + 1),
          lag_(std::make_shared<Lag>(parts.log, parts.clock)),
          published_(parts.metrics.counter("cairn_view_published_total", "Plans of a view done and published.",
                                           {{"view", name_}})),
          failures_(
              parts.metrics.counter("cairn_view_failures_total", "Failed attempts of a view.", {{"view", name_}})),
          given_up_(parts.metrics.counter("cairn_view_given_up_total", "Plans of a view given up after failures.",
                                          {{"view", name_}})) {
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
        CAIRN_CHECK(threads_.empty());
        threads_.emplace_back([this] { read(); });
        for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            changed_.notify_all();
        }
        lanes_.stop();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        if (auto lease = take_lease()) (void)parts_.leases->release(*lease, options_.holder);
    }

    /// The store is never asked with mutex_ held: its transactions take mutex_ in check_lease().
    std::optional<Lease> take_lease() {
        const std::lock_guard lock(mutex_);
        return std::exchange(lease_, std::nullopt);
    }

    void pause(bool paused) {
        const std::lock_guard lock(mutex_);
        paused_ = paused;
        changed_.notify_all();
    }

    void retry_now() { lanes_.retry_now(); }

    Result<bool> step() {
        const auto ready = prepare();
        if (!ready || !*ready) return ready;
        if (const auto claim = lanes_.claim(parts_.clock.now())) {
            CAIRN_TRY(carry_out(*claim));
            return true;
        }
        return plan();
    }

    std::uint64_t position() const {
        const std::lock_guard lock(mutex_);
        return published_to_;
    }

    bool wait_for(std::uint64_t number, int timeout_ms) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return published_to_ >= number; });
    }

private:
    Result<bool> prepare();
    Result<bool> hold_lease();
    Result<void> load();
    Result<bool> plan();
    Result<bool> read_and_plan();
    Result<void> store(View::Planned planned);
    Result<void> store_position();
    Result<void> carry_out(const Lanes::Claim& claim);
    Result<std::optional<std::vector<PlanHead>>> put_and_publish(const PlanHead& head);
    Result<bool> note_failure(const PlanHead& head, const Error& error);
    Result<void> check_lease(Transaction& transaction);
    Result<std::vector<PlanHead>> store_plans(Transaction& transaction, std::vector<Plan>& plans);
    void report();
    bool wait_while_paused();
    bool rest(std::int64_t milliseconds);
    void read();
    void work();

    const Parts parts_;
    const FollowerOptions options_;
    const std::string name_;
    std::mt19937_64 random_;
    Lanes lanes_;
    const std::shared_ptr<Lag> lag_;
    Counter& published_;
    Counter& failures_;
    Counter& given_up_;

    // Of the thread that reads.
    Time lease_renewal_{};
    bool loaded_ = false;
    std::uint64_t read_to_ = 0, stored_position_ = 0;
    Time position_due_{};             // from then on the position is stored though little was read
    std::uint64_t waiting_from_ = 0;  // end of the log when there was nothing to do

    std::atomic<std::uint64_t> position_{0};  // every event below is in a plan, or needs none; in the store, or soon
    std::atomic<std::uint64_t> next_plan_id_{1};

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool stopping_ = false, paused_ = false;  // guarded by mutex_, as are all below
    std::optional<Lease> lease_;
    std::uint64_t published_to_ = 0;
    std::vector<std::thread> threads_;  // of start() and stop()
};

// False when another process has the lease.
Result<bool> Follower::Implementation::prepare() {
    const auto held = hold_lease();
    if (!held || !*held) {
        loaded_ = false;
        lanes_.reset({});
        return held;
    }
    if (!loaded_) CAIRN_TRY(load());
    lag_->see(parts_.log.end(), parts_.clock.now());
    return true;
}

Result<bool> Follower::Implementation::hold_lease() {
    if (parts_.leases == nullptr) return true;
    const auto now = parts_.clock.now();
    std::optional<Lease> before;
    {
        const std::lock_guard lock(mutex_);
        before = lease_;
    }
    if (before && now < lease_renewal_) return true;
    auto lease = parts_.leases->acquire("view/" + name_, options_.holder, options_.lease_ms);
    if (!lease || !before || before->token != lease->token) loaded_ = false;
    const std::lock_guard lock(mutex_);
    lease_.reset();
    if (!lease) {
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
    position_ = read_to_ = stored_position_ = progress.position;
    next_plan_id_ = progress.next_plan_id;
    parts_.view.restart(progress.position);
    lanes_.reset(std::move(progress.open));
    loaded_ = true;
    report();
    return {};
}

// What was read is read again when it could not be stored.
Result<bool> Follower::Implementation::plan() {
    auto planned = read_and_plan();
    if (!planned) {
        read_to_ = stored_position_;
        position_ = stored_position_;
        parts_.view.restart(stored_position_);
        if (planned.error().code == Code::conflict) loaded_ = false;
    }
    return planned;
}

Result<bool> Follower::Implementation::read_and_plan() {
    const auto end = parts_.log.end();
    std::vector<StoredBlock> blocks;
    if (read_to_ < end) {
        auto read = parts_.log.read(read_to_, options_.read_bytes_max);
        if (!read) return fail(std::move(read).error());
        blocks = std::move(*read);
    }
    auto planned = parts_.view.plan(read_to_, blocks);
    if (!planned) return fail(std::move(planned).error());
    if (planned->read_to < read_to_ || planned->position < position_ || planned->position > planned->read_to)
        return fail(Code::internal, "view " + name_ + " has read backwards");

    const bool moved = planned->read_to > read_to_;
    if (!planned->plans.empty() || planned->store) {
        CAIRN_TRY(store(std::move(*planned)));
        return true;
    }
    read_to_ = planned->read_to;
    position_ = planned->position;
    report();
    const bool many = position_ - stored_position_ >= options_.position_events_max;
    if (moved && !many) return true;
    if (position_ > stored_position_ && (many || parts_.clock.now() >= position_due_)) CAIRN_TRY(store_position());
    waiting_from_ = end;
    return moved;
}

Result<void> Follower::Implementation::store(View::Planned planned) {
    std::vector<PlanHead> heads;
    View::Planned stored;
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        stored = planned;
        CAIRN_TRY(parts_.view.store(transaction, stored));
        auto added = store_plans(transaction, stored.plans);
        if (!added) return fail(std::move(added).error());
        heads = std::move(*added);
        return store_progress(transaction, name_, stored.position, next_plan_id_);
    }));
    lanes_.add(std::move(heads));  // before position_ moves: what is open counts as unpublished
    read_to_ = stored.read_to;
    position_ = stored_position_ = stored.position;
    report();
    return {};
}

// Ids are given here, new ones when the transaction runs again.
Result<std::vector<PlanHead>> Follower::Implementation::store_plans(Transaction& transaction,
                                                                    std::vector<Plan>& plans) {
    std::vector<PlanHead> heads;
    for (auto& plan : plans) {
        plan.id = next_plan_id_++;
        CAIRN_TRY(store_plan(transaction, name_, plan));
        heads.push_back({plan.id, plan.from, plan.to, plan.lane});
    }
    return heads;
}

Result<void> Follower::Implementation::store_position() {
    const auto position = position_.load();
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        return store_progress(transaction, name_, position, next_plan_id_);
    }));
    stored_position_ = position;
    position_due_ = parts_.clock.now() + std::chrono::milliseconds(options_.position_pause_ms);
    return {};
}

Result<void> Follower::Implementation::carry_out(const Lanes::Claim& claim) {
    auto more = put_and_publish(claim.plan);
    if (more) {
        if (*more) published_.add();
        lanes_.done(claim, std::move(*more).value_or(std::vector<PlanHead>{}));
        report();
        return {};
    }
    failures_.add();
    const auto given_up = note_failure(claim.plan, more.error());
    if (given_up && *given_up) {
        given_up_.add();
        log_error("a plan is given up", {{"view", name_}, {"lane", claim.plan.lane}, {"reason", more.error().message}});
        lanes_.done(claim, {});
        report();
        return {};
    }
    const auto pause = lanes_.failed(claim, parts_.clock.now());
    log_warning("a plan failed and is tried again", {{"view", name_},
                                                     {"lane", claim.plan.lane},
                                                     {"code", code_name(more.error().code)},
                                                     {"reason", more.error().message},
                                                     {"wait_ms", pause}});
    return fail(std::move(more).error());
}

// Empty when the plan is open no more: done by another, or by an earlier attempt whose end was not seen.
Result<std::optional<std::vector<PlanHead>>> Follower::Implementation::put_and_publish(const PlanHead& head) {
    std::optional<Plan> plan;
    CAIRN_TRY(parts_.store.view([&](Transaction& transaction) -> Result<void> {
        auto loaded = load_plan(transaction, name_, head.id);
        if (!loaded) return fail(std::move(loaded).error());
        plan = std::move(*loaded);
        return {};
    }));
    if (!plan) return std::nullopt;
    CAIRN_TRY(parts_.view.put(*plan));

    std::optional<std::vector<PlanHead>> heads;
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        heads.reset();
        const auto open = load_plan(transaction, name_, head.id);
        if (!open) return fail(open.error());
        if (!*open) return {};
        std::vector<Plan> more;
        CAIRN_TRY(parts_.view.publish(transaction, *plan, more));
        CAIRN_TRY(erase_plan(transaction, name_, plan->id));
        auto added = store_plans(transaction, more);
        if (!added) return fail(std::move(added).error());
        heads = std::move(*added);
        return {};
    }));
    return heads;
}

// True when the plan was given up.
Result<bool> Follower::Implementation::note_failure(const PlanHead& head, const Error& error) {
    bool given_up = false;
    CAIRN_TRY(parts_.store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(check_lease(transaction));
        given_up = false;
        const auto plan = load_plan(transaction, name_, head.id);
        if (!plan) return fail(plan.error());
        if (!*plan) return {};
        const auto verdict = parts_.view.failed(transaction, **plan, error);
        if (!verdict) return fail(verdict.error());
        given_up = *verdict;
        return given_up ? erase_plan(transaction, name_, head.id) : Result<void>();
    }));
    return given_up;
}

Result<void> Follower::Implementation::check_lease(Transaction& transaction) {
    if (parts_.leases == nullptr) return {};
    std::optional<Lease> lease;
    {
        const std::lock_guard lock(mutex_);
        lease = lease_;
    }
    if (!lease) return fail(Code::conflict, "the lease of view " + name_ + " is lost");
    return parts_.leases->check(transaction, *lease);
}

void Follower::Implementation::report() {
    const auto published = lanes_.oldest_needed(position_);
    lag_->reach(published);
    const std::lock_guard lock(mutex_);
    published_to_ = published;
    changed_.notify_all();
}

// False when it is time to stop.
bool Follower::Implementation::wait_while_paused() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !paused_; });
    return !stopping_;
}

bool Follower::Implementation::rest(std::int64_t milliseconds) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stopping_; });
    return !stopping_;
}

void Follower::Implementation::read() {
    unsigned failures = 0;
    while (wait_while_paused()) {
        auto done = prepare();
        if (done && *done) done = plan();
        if (!done) {
            failures_.add();
            const auto wait = back_off_ms(++failures, options_.retry_least_ms, options_.retry_most_ms, random_());
            log_warning("a view failed and tries again", {{"view", name_},
                                                          {"code", code_name(done.error().code)},
                                                          {"reason", done.error().message},
                                                          {"wait_ms", wait}});
            if (!rest(wait)) return;
            continue;
        }
        failures = 0;
        if (!*done) parts_.log.wait(waiting_from_, std::max(1, options_.idle_wait_ms));
    }
}

void Follower::Implementation::work() {
    while (wait_while_paused())
        if (const auto claim = lanes_.wait_and_claim(parts_.clock, std::max(1, options_.idle_wait_ms)))
            (void)carry_out(*claim);
}

Follower::Follower(Parts parts, FollowerOptions options)
    : implementation_(std::make_unique<Implementation>(parts, std::move(options))) {}
Follower::~Follower() = default;
void Follower::start() { implementation_->start(); }
void Follower::stop() { implementation_->stop(); }
void Follower::pause() { implementation_->pause(true); }
void Follower::resume() { implementation_->pause(false); }
void Follower::retry_now() { implementation_->retry_now(); }
Result<bool> Follower::step() { return implementation_->step(); }
std::uint64_t Follower::position() const { return implementation_->position(); }
bool Follower::wait_for(std::uint64_t number, int timeout_ms) const {
    return implementation_->wait_for(number, timeout_ms);
}

}  // namespace cairn::follow
