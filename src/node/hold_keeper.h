#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "event/block.h"
#include "journal/journal.h"
#include "node/hold.h"
#include "seam/event_log.h"

namespace cairn::node {

/// Knows which archive files hold events under a legal hold. A file is read once for a set of holds: its events do not
/// change. Members may be called from any thread.
class HoldKeeper {
public:
    /// `log` and `metrics` outlive it.
    HoldKeeper(EventLog& log, FindDictionary find_dictionary, Metrics& metrics);

    /// From now on these are the holds; each is named in the log.
    void set(std::vector<Hold> holds);

    /// Looks for held events in a closed file, unless that was done before. Blocks while it reads the file. A file that
    /// cannot be read whole is taken to be held.
    void judge(const journal::ArchiveFileInfo& file);

    /// Whether the file must be kept: also when nobody has judged it under the holds of now.
    bool keeps(const journal::ArchiveFileInfo& file) const;

private:
    using Holds = std::shared_ptr<const std::vector<Hold>>;

    std::string reason_to_keep(const std::vector<Hold>& holds, const journal::ArchiveFileInfo& file) const;

    /// Shared with the registry, which may live longer.
    struct Numbers {
        std::atomic<std::uint64_t> holds{0}, held_files{0};
    };

    EventLog& log_;
    const FindDictionary find_dictionary_;
    const std::shared_ptr<Numbers> numbers_ = std::make_shared<Numbers>();
    mutable std::mutex mutex_;
    Holds holds_ = std::make_shared<const std::vector<Hold>>();  // guarded by mutex_
    std::map<std::string, bool> held_;                           // guarded by mutex_; by the file's path
};

}  // namespace cairn::node
