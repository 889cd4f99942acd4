#include "follow/lanes.h"

#include <algorithm>

#include "follow/back_off.h"

namespace cairn::follow {

namespace {

std::string_view kind_of(std::string_view lane) { return lane.substr(0, lane.find('/')); }

}  // namespace

void Lanes::reset(std::vector<PlanHead> open) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    lanes_.clear();
    busy_.clear();
    add_locked(std::move(open));
}

void Lanes::add(std::vector<PlanHead> plans) {
    const std::lock_guard lock(mutex_);
    add_locked(std::move(plans));
}

void Lanes::add_locked(std::vector<PlanHead> plans) {
    for (auto& plan : plans) {
        auto& lane = lanes_[plan.lane];
        lane.plans.push_back(std::move(plan));
    }
    changed_.notify_all();
}

std::optional<Lanes::Claim> Lanes::claim(Time now) {
    const std::lock_guard lock(mutex_);
    return claim_locked(now);
}

std::optional<Lanes::Claim> Lanes::claim_locked(Time now) {
    // A clock that was set back must not make a pause endless.
    const auto due = [&](const Lane& lane) { return lane.failures == 0 || now >= lane.due || now < lane.failed_at; };
    const auto has_worker = [&](std::string_view name) {
        const auto busy = busy_.find(kind_of(name));
        return busy == busy_.end() || busy->second < kind_busy_max_;
    };
    const auto ready = [&](const std::string& name, const Lane& lane) {
        return !lane.busy && !lane.plans.empty() && due(lane) && has_worker(name);
    };
    auto place = lanes_.upper_bound(last_claimed_);
    for (std::size_t looked = 0; looked < lanes_.size(); ++looked, ++place) {
        if (place == lanes_.end()) place = lanes_.begin();
        if (!ready(place->first, place->second)) continue;
        place->second.busy = true;
        ++busy_[std::string(kind_of(place->first))];
        last_claimed_ = place->first;
        return Claim{place->second.plans.front(), generation_};
    }
    return std::nullopt;
}

std::optional<Lanes::Claim> Lanes::wait_and_claim(const Clock& clock, int timeout_ms) {
    std::unique_lock lock(mutex_);
    if (stopping_) return std::nullopt;
    if (auto claim = claim_locked(clock.now())) return claim;
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms));
    if (stopping_) return std::nullopt;
    return claim_locked(clock.now());
}

void Lanes::done(const Claim& claim, std::vector<PlanHead> more) {
    const std::lock_guard lock(mutex_);
    if (claim.generation != generation_) return;
    const auto place = lanes_.find(claim.plan.lane);
    auto& lane = place->second;
    free_locked(place->first, lane);
    lane.failures = 0;
    lane.plans.pop_front();
    if (lane.plans.empty()) lanes_.erase(place);
    add_locked(std::move(more));
}

std::int64_t Lanes::failed(const Claim& claim, Time now) {
    const std::lock_guard lock(mutex_);
    if (claim.generation != generation_) return 0;
    auto& lane = lanes_.find(claim.plan.lane)->second;
    free_locked(claim.plan.lane, lane);
    const auto pause = back_off_ms(++lane.failures, retry_least_ms_, retry_most_ms_, random_());
    lane.failed_at = now;
    lane.due = now + std::chrono::milliseconds(pause);
    return pause;
}

void Lanes::free_locked(const std::string& name, Lane& lane) {
    lane.busy = false;
    --busy_.find(kind_of(name))->second;
    changed_.notify_one();  // a lane that had no worker
}

void Lanes::retry_now() {
    const std::lock_guard lock(mutex_);
    for (auto& [name, lane] : lanes_) lane.due = Time{};
    changed_.notify_all();
}

void Lanes::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
}

std::uint64_t Lanes::oldest_needed(std::uint64_t otherwise) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, lane] : lanes_)
        for (const auto& plan : lane.plans)
            if (plan.needs_records()) otherwise = std::min(otherwise, plan.from);
    return otherwise;
}

}  // namespace cairn::follow
