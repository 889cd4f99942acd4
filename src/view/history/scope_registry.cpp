#include "view/history/scope_registry.h"

#include <algorithm>
#include <mutex>

namespace cairn::history {

std::uint32_t ScopeRegistry::intern(const ScopeKey& key) {
    {
        std::shared_lock lock(mutex_);
        if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
    }
    std::unique_lock lock(mutex_);
    const auto [place, added] = ids_.try_emplace(key, static_cast<std::uint32_t>(keys_.size()));
    if (added) keys_.push_back(&place->first);
    return place->second;
}

ScopeKey ScopeRegistry::key(std::uint32_t id) const {
    std::shared_lock lock(mutex_);
    return *keys_.at(id);
}

std::vector<char> ScopeRegistry::admitted(const Scope& scope, const std::vector<Category>& categories) const {
    std::shared_lock lock(mutex_);
    std::vector<char> admitted(keys_.size());
    const ScopeKey* before = nullptr;
    bool admits = false;
    for (const auto& [key, id] : ids_) {  // ordered, so that each (account, region) is asked once
        if (before == nullptr || before->region != key.region || before->account != key.account)
            admits = scope.admits(key.account, key.region);
        before = &key;
        admitted[id] = admits && (categories.empty() || std::ranges::find(categories, key.category) != categories.end());
    }
    return admitted;
}

}  // namespace cairn::history
