#include "view/trail/trails.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/uuid.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr std::string_view config_prefix = "config/";  // then the trail's id
constexpr std::int64_t encoding_version = 1;

std::string key_of(std::string_view id) { return fmt::format("{}{}", config_prefix, id); }

std::string encode(const TrailHistory& history) {
    JsonArray versions;
    for (const auto& version : history.versions)
        versions.push_back(JsonObject{{"from", to_milliseconds(version.from)}, {"trail", to_json(version.trail)}});
    Json json = JsonObject{{"version", encoding_version}, {"versions", std::move(versions)}};
    if (history.deleted) json.set("deleted", to_milliseconds(*history.deleted));
    return to_text(json);
}

Result<TrailHistory> decode(const std::string& key, std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return fail(Code::corrupt, fmt::format("trail {}: {}", key, json.error().message));
    const auto* version = json->find("version");
    if (!version || version->as_integer() > encoding_version)
        return fail(Code::invalid, fmt::format("trail {}: written by a newer version", key));
    TrailHistory history;
    if (const auto* deleted = json->find("deleted")) history.deleted = from_milliseconds(deleted->as_integer());
    if (const auto* versions = json->find("versions")) {
        for (const auto& item : versions->as_array()) {
            const auto *from = item.find("from"), *trail = item.find("trail");
            if (!from || !trail) return fail(Code::corrupt, fmt::format("trail {}: a version lacks a member", key));
            auto read = trail_from_json(*trail);
            if (!read) return fail(Code::corrupt, fmt::format("trail {}: {}", key, read.error().message));
            history.versions.push_back({from_milliseconds(from->as_integer()), std::move(*read)});
        }
    }
    if (history.versions.empty()) return fail(Code::corrupt, fmt::format("trail {}: has no version", key));
    return history;
}

Result<std::vector<TrailHistory>> load_all(Transaction& transaction) {
    const auto pairs = transaction.scan(space, config_prefix, "", std::numeric_limits<std::size_t>::max());
    if (!pairs) return fail(pairs.error());
    std::vector<TrailHistory> all;
    for (const auto& [key, value] : *pairs) {
        auto history = decode(key, value);
        if (!history) return fail(std::move(history).error());
        all.push_back(std::move(*history));
    }
    return all;
}

bool is_named(const TrailHistory& history, std::string_view account, std::string_view region, std::string_view name) {
    const auto& trail = history.newest();
    return !history.deleted && trail.account == account && trail.name == name && trail.seen_in(region);
}

bool has_arn(const TrailHistory& history, std::string_view arn) {
    return !history.deleted && history.newest().arn() == arn;
}

std::unexpected<Error> unknown(std::string_view arn) {
    return fail(Code::not_found, fmt::format("there is no trail {}", arn));
}

/// Two trails of one account may not show themselves under one name in one region.
bool meet(const Trail& one, const Trail& other) {
    return one.account == other.account && (one.seen_in(other.home_region) || other.seen_in(one.home_region));
}

/// `others` are all trails that are not deleted.
Result<void> check_limits(const Trail& trail, const std::vector<const Trail*>& others, const Trails::Limits& limits) {
    const auto taken = std::ranges::any_of(
        others, [&](const Trail* other) { return other->name == trail.name && meet(*other, trail); });
    if (taken) return fail(Code::conflict, fmt::format("trail {} exists", trail.name));
    auto regions = limits.regions;
    if (std::ranges::find(regions, trail.home_region) == regions.end()) regions.push_back(trail.home_region);
    for (const auto& region : regions) {
        if (!trail.seen_in(region)) continue;
        const auto there = std::ranges::count_if(
            others, [&](const Trail* other) { return other->account == trail.account && other->seen_in(region); });
        if (static_cast<std::size_t>(there) >= limits.trails_per_region) return fail(Code::exhausted, region);
    }
    return {};
}

}  // namespace

Result<void> Trails::load() {
    std::vector<TrailHistory> all;
    CAIRN_TRY(store_.view([&](Transaction& transaction) -> Result<void> {
        auto loaded = load_all(transaction);
        if (!loaded) return fail(std::move(loaded).error());
        all = std::move(*loaded);
        return {};
    }));
    for (auto& history : all) keep(std::move(history));
    return {};
}

Result<void> Trails::check_room(const Trail& trail, const Limits& limits) const {
    const auto all = list();
    std::vector<const Trail*> others;
    for (const auto& other : all) others.push_back(&other->newest());
    return check_limits(trail, others, limits);
}

Result<Trail> Trails::create(Trail trail, const Limits& limits) {
    const std::lock_guard writing(write_mutex_);
    const auto now = clock_.now();
    trail.id = format_uuid(random_uuid());
    trail.created = now;
    TrailHistory history{{{now, trail}}, std::nullopt};
    CAIRN_TRY(store_.transact([&](Transaction& transaction) -> Result<void> {
        const auto all = load_all(transaction);
        if (!all) return fail(all.error());
        std::vector<const Trail*> others;
        for (const auto& other : *all)
            if (!other.deleted) others.push_back(&other.newest());
        CAIRN_TRY(check_limits(trail, others, limits));
        return transaction.put(space, key_of(trail.id), encode(history));
    }));
    keep(std::move(history));
    return trail;
}

Result<Trail> Trails::change(std::string_view arn, const Change& change) {
    const std::lock_guard writing(write_mutex_);
    TrailHistory history;
    CAIRN_TRY(store_.transact([&](Transaction& transaction) -> Result<void> {
        auto loaded = load_one(transaction, arn);
        if (!loaded) return fail(std::move(loaded).error());
        history = std::move(*loaded);
        auto next = history.newest();
        CAIRN_TRY(change(next));
        // Versions stay in order whatever the clock does.
        const auto from = std::max(clock_.now(), history.versions.back().from + std::chrono::milliseconds(1));
        history.versions.push_back({from, std::move(next)});
        return transaction.put(space, key_of(history.newest().id), encode(history));
    }));
    auto newest = history.newest();
    keep(std::move(history));
    return newest;
}

Result<void> Trails::remove(std::string_view arn) {
    const std::lock_guard writing(write_mutex_);
    TrailHistory history;
    CAIRN_TRY(store_.transact([&](Transaction& transaction) -> Result<void> {
        auto loaded = load_one(transaction, arn);
        if (!loaded) return fail(std::move(loaded).error());
        history = std::move(*loaded);
        history.deleted = std::max(clock_.now(), history.versions.back().from + std::chrono::milliseconds(1));
        return transaction.put(space, key_of(history.newest().id), encode(history));
    }));
    keep(std::move(history));
    return {};
}

Result<void> Trails::forget_before(Time moment) {
    const std::lock_guard writing(write_mutex_);
    for (const auto& known : snapshot().trails) {
        auto history = *known;
        const bool gone = history.deleted && *history.deleted < moment;
        const auto in_force = std::ranges::upper_bound(history.versions, moment, {}, &TrailHistory::Version::from);
        if (in_force - history.versions.begin() > 1)
            history.versions.erase(history.versions.begin(), std::prev(in_force));
        if (!gone && history.versions.size() == known->versions.size()) continue;
        const auto key = key_of(history.newest().id);
        CAIRN_TRY(store_.transact([&](Transaction& transaction) {
            return gone ? transaction.erase(space, key) : transaction.put(space, key, encode(history));
        }));
        if (!gone) {
            keep(std::move(history));
            continue;
        }
        const std::lock_guard lock(mutex_);
        std::erase(all_, known);
        ++generation_;
    }
    return {};
}

Result<TrailHistory> Trails::load_one(Transaction& transaction, std::string_view arn) const {
    const auto known = find(arn);
    if (!known) return unknown(arn);
    const auto key = key_of(known->newest().id);
    const auto value = transaction.get(space, key);
    if (!value) return fail(value.error());
    if (!*value) return unknown(arn);
    return decode(key, **value);
}

void Trails::keep(TrailHistory history) {
    auto kept = std::make_shared<const TrailHistory>(std::move(history));
    const std::lock_guard lock(mutex_);
    ++generation_;
    const auto id = [](const auto& pointer) -> const std::string& { return pointer->newest().id; };
    const auto place = std::ranges::lower_bound(all_, kept->newest().id, {}, id);
    if (place != all_.end() && id(*place) == kept->newest().id)
        *place = std::move(kept);
    else
        all_.insert(place, std::move(kept));
}

std::shared_ptr<const TrailHistory> Trails::find(std::string_view account, std::string_view region,
                                                 std::string_view name) const {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const TrailHistory> found;
    for (const auto& history : all_)
        if (is_named(*history, account, region, name) && (!found || history->newest().home_region == region))
            found = history;
    return found;
}

std::shared_ptr<const TrailHistory> Trails::find(std::string_view arn) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(all_, [&](const auto& history) { return has_arn(*history, arn); });
    return found == all_.end() ? nullptr : *found;
}

std::vector<std::shared_ptr<const TrailHistory>> Trails::list() const {
    std::vector<std::shared_ptr<const TrailHistory>> trails;
    {
        const std::lock_guard lock(mutex_);
        std::ranges::copy_if(all_, std::back_inserter(trails), [](const auto& history) { return !history->deleted; });
    }
    std::ranges::sort(trails, {}, [](const auto& history) { return history->newest().arn(); });
    return trails;
}

Trails::Snapshot Trails::snapshot() const {
    const std::lock_guard lock(mutex_);
    return {generation_, all_};
}

}  // namespace cairn::trail
