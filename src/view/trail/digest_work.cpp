#include "view/trail/digest_work.h"

#include "view/trail/file_plan.h"
#include "view/trail/plan_body.h"

namespace cairn::trail {

namespace {

constexpr std::size_t digests_at_once = 100;

bool is_digested(const Trail& trail) { return trail.logging && trail.validation; }

/// Windows begin at the second of StartLogging, or when validation was switched on while the trail was logging.
Time begin_of(const TrailHistory& history, Time now) {
    auto first = std::prev(history.versions.end());
    while (first != history.versions.begin() && is_digested(std::prev(first)->trail)) --first;
    const auto& started = first->trail.started;
    const bool was_started =
        started && (first == history.versions.begin() || std::prev(first)->trail.started != started);
    const auto since = was_started ? *started : first->from;
    constexpr auto just_now = std::chrono::minutes(1);
    return since <= now && now - since < just_now ? since : now;
}

bool wants_digests(const TrailHistory& history) { return !history.deleted && is_digested(history.newest()); }

}  // namespace

void DigestWork::restart() {
    stored_.clear();
    found_.clear();
}

Result<void> DigestWork::load(Transaction& transaction) {
    auto active = load_active_chains(transaction);
    if (!active) return fail(std::move(active).error());
    chains_.clear();
    for (auto& [name, chain] : *active) chains_.insert_or_assign(name, chain);
    return {};
}

void DigestWork::adopt() {
    for (auto& [name, chain] : stored_) {
        if (chain.active)
            chains_.insert_or_assign(name, chain);
        else
            chains_.erase(name);
    }
    stored_.clear();
}

Result<void> DigestWork::find(Time now, const Regions& filled) {
    found_.clear();
    found_at_ = now;
    const auto snapshot = trails_.snapshot();
    Histories by_id;
    for (const auto& history : snapshot.trails) {
        by_id[history->newest().id] = history.get();
        if (wants_digests(*history)) find_beginnings(*history, filled, now);
    }
    find_ends(by_id, now);
    for (auto& work : found_) {
        if (work.action == Action::end) continue;
        auto key = find_key(work.name.region, now);
        if (!key) return fail(std::move(key).error());
        work.key = std::move(*key);
    }
    std::erase_if(found_, [](const Work& work) { return work.action != Action::end && !work.key && !work.anew; });
    return {};
}

Result<std::optional<SigningKeys::Key>> DigestWork::find_key(const std::string& region, Time now) {
    if (!maker_) return keys_.current(region, now);
    auto found = keys_.find(region, now);
    if (!found) return fail(std::move(found).error());
    if (found->wants_new) maker_->want(region);
    return std::move(found->key);
}

void DigestWork::find_beginnings(const TrailHistory& history, const Regions& filled, Time now) {
    const auto& trail = history.newest();
    std::set<std::string> others;
    if (trail.multi_region) others.insert(regions_.begin(), regions_.end());
    if (const auto more = filled.find(trail.id); more != filled.end())
        others.insert(more->second.begin(), more->second.end());
    others.erase(trail.home_region);
    std::vector<std::string> regions{trail.home_region};  // the key of home is wanted first
    regions.insert(regions.end(), others.begin(), others.end());
    for (const auto& region : regions) {
        const ChainName name{trail.id, trail.account, region};
        const auto chain = chains_.find(name);
        if (chain == chains_.end() || chain->second.ending)
            found_.push_back({name, trail, Action::begin, {}, begin_of(history, now), chain == chains_.end()});
    }
}

void DigestWork::find_ends(const Histories& by_id, Time now) {
    for (const auto& [name, chain] : chains_) {
        const auto known = by_id.find(name.trail_id);
        if (known == by_id.end()) continue;
        const auto& trail = known->second->newest();
        if (!wants_digests(*known->second) && !chain.ending)
            found_.push_back({name, trail, Action::end, {}, {}, false});
        if (chain.window_end <= now) found_.push_back({name, trail, Action::close, {}, {}, false});
    }
}

Result<void> DigestWork::store(Transaction& transaction, std::vector<follow::Plan>& plans) {
    stored_.clear();
    for (const auto& work : found_) {
        auto digests = digests_of(transaction, work);
        if (!digests) return fail(std::move(digests).error());
        for (auto& made : *digests) plans.push_back(plan_of(work, std::move(made)));
        auto chain = load_chain(transaction, work.name);
        if (!chain) return fail(std::move(chain).error());
        stored_.emplace_back(work.name, std::move(*chain));
    }
    return {};
}

Result<std::vector<DigestToDeliver>> DigestWork::digests_of(Transaction& transaction, const Work& work) const {
    if (work.action == Action::end) {
        CAIRN_TRY(end_chain(transaction, work.name, found_at_));
        return std::vector<DigestToDeliver>{};
    }
    const ChainContext context{work.trail, work.key ? &*work.key : nullptr, interval_};
    if (work.action == Action::begin) return begin_chain(transaction, work.name, context, work.begin);
    return close_windows(transaction, work.name, context, found_at_, digests_at_once);
}

follow::Plan DigestWork::plan_of(const Work& work, DigestToDeliver made) const {
    PlannedDelivery delivery;
    delivery.kind = PlannedDelivery::Kind::digest;
    delivery.trail_id = work.name.trail_id;
    delivery.trail_arn = work.trail.arn();
    delivery.account = work.name.account;
    delivery.region = work.name.region;
    delivery.bucket = std::move(made.bucket);
    delivery.key = std::move(made.key);
    delivery.key_arn = work.trail.key_arn;
    delivery.planned = found_at_;
    delivery.digest = std::move(made.digest.json);
    delivery.signature = std::move(made.digest.signature);
    return {0, 0, 0, digest_lane(work.trail), encode(delivery)};
}

}  // namespace cairn::trail
