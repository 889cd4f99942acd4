#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/json.h"

namespace cairn::gateway {

/// Which keys the aliases of KMS stand for, as calls that pass tell: one that names an alias is about the key. Nothing
/// is kept beyond the process. Any thread.
class KeyAliases {
public:
    /// A call that succeeded: CreateAlias, UpdateAlias, DeleteAlias, ListAliases or DescribeKey; others teach nothing.
    /// `space` tells aliases of one name apart: upstream, account and Region.
    void learn(std::string_view space, std::string_view event_name, const Json& parameters, const Json& answer);

    /// `parameters` with the keys in the place of the aliases that are known.
    Json resolved(std::string_view space, const Json& parameters) const;

private:
    void put(std::string_view space, std::string_view alias, std::string_view key);

    mutable std::shared_mutex mutex_;
    std::map<std::string, std::string> keys_;  // guarded by mutex_; by space and alias: ids and ARNs
};

}  // namespace cairn::gateway
