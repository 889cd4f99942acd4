#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn {

/// Intent and receipts: accounts, keys, positions, plans. Ordered keys and values in named spaces; small (below 1 GB).
/// Implemented by backend/sqlite and backend/postgres. All members may be called from any thread.

/// What a transaction may do. Valid inside the function it was given to only.
class Transaction {
public:
    virtual ~Transaction() = default;
    virtual Result<std::optional<std::string>> get(std::string_view space, std::string_view key) = 0;
    virtual Result<void> put(std::string_view space, std::string_view key, std::string_view value) = 0;
    virtual Result<void> erase(std::string_view space, std::string_view key) = 0;  ///< fine if absent

    /// Up to `count_max` pairs whose key starts with `prefix` and is greater than `after`, in key order.
    virtual Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view space,
                                                                          std::string_view prefix,
                                                                          std::string_view after,
                                                                          std::size_t count_max) = 0;
};

class MetaStore {
public:
    virtual ~MetaStore() = default;

    /// Runs `work` in one serialisable transaction: durable when this returns a value, without effect when `work` or
    /// the commit fails. `work` may run more than once, so it has no effects but through its Transaction. Blocks.
    /// Errors: those of `work`; conflict when it lost against others too often; unavailable; exhausted (disk full).
    virtual Result<void> transact(const std::function<Result<void>(Transaction&)>& work) = 0;

    /// A read-only look at one state. Blocks.
    virtual Result<void> view(const std::function<Result<void>(Transaction&)>& work) = 0;
};

}  // namespace cairn
