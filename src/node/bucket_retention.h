#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/periodic.h"
#include "neighbour/buckets/buckets.h"
#include "node/config.h"
#include "node/disk_reserve.h"
#include "node/object_holds.h"
#include "seam/clock.h"
#include "seam/object_retention.h"

namespace cairn::node {

/// Lets objects of embedded buckets go when they are older than `retention.buckets` or the lifecycle of their bucket
/// allows and no legal hold keeps them. Looks into a bucket when its settings changed and when something may be due, at
/// most once a minute; with a shorter retention, as tests have, more often.
class BucketRetention {
public:
    /// What it works with; all of them outlive it.
    struct Parts {
        neighbour::Buckets& buckets;
        EmbeddedStore& objects;
        ObjectHolds& holds;
        DiskReserve& reserve;
        const Clock& clock;
        Metrics& metrics;
    };

    BucketRetention(const Config& config, Parts parts);
    ~BucketRetention();

    /// What it does by itself again and again. Blocks.
    void look();

private:
    /// When a bucket is to be looked at next, as long as its settings are these.
    struct Plan {
        neighbour::Lifecycle lifecycle;
        Time due{};
    };
    struct Due {
        Time at{};
        std::string reason;
    };

    void look_into(const neighbour::Bucket& bucket, Time now);
    std::optional<Due> due_of(const neighbour::Bucket& bucket, const ListPage::Entry& object) const;
    bool let_go(const std::string& bucket, const ListPage::Entry& object, const std::string& reason);

    const std::optional<std::chrono::milliseconds> keep_;
    const Parts parts_;
    Counter& removed_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::map<std::string, Plan> plans_;  // guarded by mutex_; by bucket
    std::optional<Periodic> looks_;
};

}  // namespace cairn::node
