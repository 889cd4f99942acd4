#include "identity/scope_cache.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace cairn::identity {

ScopeCache::Found ScopeCache::lookup(std::string_view action, bool operator_account) const {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.operator_account == operator_account && entry.action == action;
    });
    return found == entries_.end() ? nullptr : found->scope;
}

ScopeCache::Found ScopeCache::find(std::string_view action, bool operator_account) const {
    const std::shared_lock lock(mutex_);
    return lookup(action, operator_account);
}

ScopeCache::Found ScopeCache::remember(std::string_view action, bool operator_account, Scope scope) {
    const std::unique_lock lock(mutex_);
    if (auto found = lookup(action, operator_account)) return found;
    return entries_.emplace_back(std::string(action), operator_account, std::make_shared<const Scope>(std::move(scope)))
        .scope;
}

}  // namespace cairn::identity
