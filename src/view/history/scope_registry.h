#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <vector>

#include "event/index_row.h"
#include "event/scope.h"

namespace cairn::history {

/// Gives every (account, region, category) a small number for the life of the process. Thread-safe.
class ScopeRegistry {
public:
    std::uint32_t intern(const ScopeKey& key);

    /// Copies the key of an interned number.
    ScopeKey key(std::uint32_t id) const;

    /// One entry per number: true when `scope` and `categories` (empty: all) admit it.
    std::vector<char> admitted(const Scope& scope, const std::vector<Category>& categories) const;

private:
    mutable std::shared_mutex mutex_;
    std::map<ScopeKey, std::uint32_t> ids_;          // guarded by mutex_
    std::vector<const ScopeKey*> keys_;              // guarded by mutex_; points into ids_
};

}  // namespace cairn::history
