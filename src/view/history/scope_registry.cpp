#include "view/history/scope_registry.h"

#include <algorithm>
#include <mutex>

#include "base/hash.h"

namespace cairn::history {

std::size_t ScopeRegistry::Hash::operator()(const ScopeKey& key) const {
    return hash64(key.region, hash64(key.account, static_cast<std::uint64_t>(key.category)));
}

std::uint32_t ScopeRegistry::intern(const ScopeKey& key) {
    {
        std::shared_lock lock(mutex_);
        if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
    }
    std::unique_lock lock(mutex_);
    const auto [entry, added] = ids_.try_emplace(key, static_cast<std::uint32_t>(keys_.size()));
    if (!added) return entry->second;
    keys_.push_back(&entry->first);
    auto place = std::ranges::find_if(
        places_, [&](const Place& each) { return each.account == key.account && each.region == key.region; });
    if (place == places_.end()) {
        Place fresh{key.account, key.region, {}};
        fresh.ids.fill(none);
        place = places_.insert(places_.end(), std::move(fresh));
    }
    place->ids[static_cast<std::size_t>(key.category)] = entry->second;
    return entry->second;
}

ScopeKey ScopeRegistry::key(std::uint32_t id) const {
    std::shared_lock lock(mutex_);
    return *keys_.at(id);
}

std::vector<char> ScopeRegistry::admitted(const Scope& scope, const std::vector<Category>& categories) const {
    const auto wanted = [&](std::size_t category) {
        return categories.empty() || std::ranges::find(categories, static_cast<Category>(category)) != categories.end();
    };
    std::shared_lock lock(mutex_);
    std::vector<char> admitted(keys_.size());
    for (const auto& place : places_) {
        if (!scope.admits(place.account, place.region)) continue;
        for (std::size_t category = 0; category < category_count; ++category)
            if (place.ids[category] != none && wanted(category)) admitted[place.ids[category]] = 1;
    }
    return admitted;
}

}  // namespace cairn::history
