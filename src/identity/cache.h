#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "identity/principal.h"
#include "seam/clock.h"

namespace cairn::identity {

/// What was found for keys and tokens so far, as of one version of the directory. Any thread.
class Cache {
public:
    using Found = std::shared_ptr<const KnownKey>;

    /// What a look at the store brought, and the version it was taken from. `found` is empty for an unknown name.
    struct Loaded {
        std::uint64_t version = 0;
        Found found;
    };
    struct Head {
        std::uint64_t version = 0;
        std::string operator_account;
    };

    /// `load_head` reads the version that is stored now.
    Cache(const Clock& clock, std::function<Result<Head>()> load_head);

    /// Asks for the version if a second has passed since the last time, and forgets everything if it grew.
    /// Error: that of the store, when there is no version to go on with.
    Result<void> refresh();

    /// The same at once: after a change by this process.
    Result<void> update();

    /// Empty: not known yet. A null pointer: known not to exist.
    std::optional<Found> find(const std::string& name) const;
    void remember(const std::string& name, const Loaded& loaded);

    std::string operator_account() const;

private:
    bool take_turn();

    const Clock& clock_;
    const std::function<Result<Head>()> load_head_;
    std::atomic<std::int64_t> asked_ms_;

    mutable std::shared_mutex mutex_;
    std::optional<Head> head_;  // guarded by mutex_, as all below
    std::unordered_map<std::string, Found> found_;
    std::unordered_set<std::string> absent_;
};

}  // namespace cairn::identity
