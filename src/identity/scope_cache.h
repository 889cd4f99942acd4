#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "event/scope.h"

namespace cairn::identity {

/// The scopes compiled for one caller so far: kept with the caller, so that they go when its policies change. Any
/// thread.
class ScopeCache {
public:
    using Found = std::shared_ptr<const Scope>;

    /// Null when none was remembered. `operator_account` is part of the question: it is not a thing of the key.
    Found find(std::string_view action, bool operator_account) const;

    /// Keeps a scope, and gives the one that is kept: another thread may have been first.
    Found remember(std::string_view action, bool operator_account, Scope scope);

private:
    struct Entry {
        std::string action;
        bool operator_account;
        Found scope;
    };

    Found lookup(std::string_view action, bool operator_account) const;

    mutable std::shared_mutex mutex_;
    std::vector<Entry> entries_;  // guarded by mutex_; there are few actions
};

}  // namespace cairn::identity
