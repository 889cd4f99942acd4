#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "node/hold.h"
#include "seam/object_store.h"

namespace cairn::node {

/// Knows which objects of embedded buckets a legal hold keeps: log files with an event that it covers, and digests and
/// whatever else may be needed to prove them. What cannot be read is taken to be held. Any thread.
class ObjectHolds {
public:
    /// `objects` outlives it.
    explicit ObjectHolds(ObjectStore& objects) : objects_(objects) {}

    /// From now on these are the holds.
    void set(std::vector<Hold> holds);

    /// Whether the object must be kept. One that must is read once for a set of holds, and named in the log. Blocks.
    bool keeps(const std::string& bucket, const ListPage::Entry& object);

private:
    using Holds = std::shared_ptr<const std::vector<Hold>>;

    std::string reason_to_keep(const std::vector<Hold>& holds, const std::string& bucket,
                               const ListPage::Entry& object) const;

    ObjectStore& objects_;
    std::mutex mutex_;
    Holds holds_ = std::make_shared<const std::vector<Hold>>();  // guarded by mutex_
    std::unordered_set<std::string> kept_;                       // guarded by mutex_; by bucket, key and ETag
};

}  // namespace cairn::node
