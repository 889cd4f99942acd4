#include "follow/lanes.h"

#include <algorithm>

#include "follow/back_off.h"

namespace cairn::follow {

void Lanes::reset(std::vector<PlanHead> open) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    lanes_.clear();
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
    const auto ready = [&](const Lane& lane) {
        return !lane.busy && !lane.plans.empty() && (lane.failures == 0 || now >= lane.due || now < lane.failed_at);
    };
    auto place = lanes_.upper_bound(last_claimed_);
    for (std::size_t looked = 0; looked < lanes_.size(); ++looked, ++place) {
        if (place == lanes_.end()) place = lanes_.begin();
        if (!ready(place->second)) continue;
        place->second.busy = true;
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
    lane.busy = false;
    lane.failures = 0;
    lane.plans.pop_front();
    if (lane.plans.empty()) lanes_.erase(place);
    add_locked(std::move(more));
}

std::int64_t Lanes::failed(const Claim& claim, Time now) {
    const std::lock_guard lock(mutex_);
    if (claim.generation != generation_) return 0;
    auto& lane = lanes_.find(claim.plan.lane)->second;
    lane.busy = false;
    const auto pause = back_off_ms(++lane.failures, retry_least_ms_, retry_most_ms_, random_());
    lane.failed_at = now;
    lane.due = now + std::chrono::milliseconds(pause);
    return pause;
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
