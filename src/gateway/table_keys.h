#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace cairn::gateway {

/// Which attributes are the keys of DynamoDB's tables, as calls that pass tell: a PutItem does not. Nothing is kept
/// beyond the process. Any thread.
class TableKeys {
public:
    /// `space` tells tables of one name apart: upstream, account and Region.
    std::optional<std::vector<std::string>> find(std::string_view space, std::string_view table) const;

    /// From a description of a table as records show it: tableName and keySchema. Anything else teaches nothing.
    void learn(std::string_view space, const Json& description);

private:
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::vector<std::string>> keys_;  // guarded by mutex_; by space and table
};

}  // namespace cairn::gateway
