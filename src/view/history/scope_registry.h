#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <shared_mutex>
#include <string>
#include <unordered_map>
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
    static constexpr std::uint32_t none = 0xffffffff;

    /// Policy decides on accounts and regions only: one question for all categories.
    struct Place {
        std::string account, region;
        std::array<std::uint32_t, category_count> ids;
    };

    struct Hash {
        std::size_t operator()(const ScopeKey& key) const;
    };

    mutable std::shared_mutex mutex_;
    std::unordered_map<ScopeKey, std::uint32_t, Hash> ids_;  // guarded by mutex_
    std::vector<const ScopeKey*> keys_;                      // guarded by mutex_; points into ids_
    std::deque<Place> places_;                               // guarded by mutex_
};

}  // namespace cairn::history
