#include "node/bucket_retention.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::node {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds interval_most = std::chrono::minutes(1);

milliseconds interval_of(const std::optional<milliseconds>& keep) {
    return keep ? std::clamp(*keep / 4, milliseconds(200), interval_most) : interval_most;
}

}  // namespace

BucketRetention::BucketRetention(const Config& config, Parts parts)
    : keep_(config.retain_buckets),
      parts_(parts),
      removed_(parts_.metrics.counter("cairn_bucket_objects_removed_total",
                                      "Objects of embedded buckets that retention removed")) {
    looks_.emplace(interval_of(keep_), [this] { look(); });
}

BucketRetention::~BucketRetention() {
    stopping_ = true;  // a bucket is large
    looks_.reset();
}

void BucketRetention::look() {
    const std::lock_guard lock(mutex_);
    parts_.reserve.fill();
    const auto buckets = parts_.buckets.list_all();
    if (!buckets) return log_error("retention failed", {{"reason", buckets.error().message}});
    const auto now = parts_.clock.now();
    for (const auto& bucket : *buckets) {
        if (!keep_ && bucket.lifecycle.empty()) continue;
        const auto plan = plans_.find(bucket.name);
        if (plan == plans_.end() || plan->second.lifecycle != bucket.lifecycle || plan->second.due <= now)
            look_into(bucket, now);
    }
}

/// Walks the whole bucket: what is put from now on is due later than in an hour, or is found by the next look.
void BucketRetention::look_into(const neighbour::Bucket& bucket, Time now) {
    const auto soon = keep_ ? std::min<milliseconds>(*keep_, std::chrono::hours(1)) : std::chrono::hours(1);
    Plan plan{bucket.lifecycle, now + soon};
    ListRequest request;
    do {
        const auto page = parts_.objects.list(bucket.name, request);
        if (!page) return log_error("retention failed", {{"bucket", bucket.name}, {"reason", page.error().message}});
        for (const auto& object : page->entries) {
            if (stopping_) return;
            const auto due = due_of(bucket, object);
            if (!due) continue;
            if (due->at > now)
                plan.due = std::min(plan.due, due->at);
            else if (!let_go(bucket.name, object, due->reason))
                return;
        }
        request.continuation = page->continuation;
    } while (!request.continuation.empty());
    plans_[bucket.name] = std::move(plan);
}

std::optional<BucketRetention::Due> BucketRetention::due_of(const neighbour::Bucket& bucket,
                                                            const ListPage::Entry& object) const {
    std::optional<Due> due;
    if (keep_) due = Due{object.modified + *keep_, "retention.buckets"};
    if (const auto expiry = neighbour::expiry_of(bucket.lifecycle, object.key, object.modified);
        expiry && (!due || expiry->at < due->at))
        due = Due{expiry->at, fmt::format("rule \"{}\" of the bucket's lifecycle", expiry->rule->id)};
    return due;
}

/// False when it failed: the next look tries again.
bool BucketRetention::let_go(const std::string& bucket, const ListPage::Entry& object, const std::string& reason) {
    if (parts_.holds.keeps(bucket, object)) return true;
    bool gone = false;
    const auto done = parts_.reserve.spend([&]() -> Result<void> {
        const auto expired = parts_.objects.expire(bucket, object.key, object.modified, reason);
        if (!expired) return fail(expired.error());
        gone = *expired;
        return {};
    });
    if (!done) {
        log_error("retention failed", {{"bucket", bucket}, {"key", object.key}, {"reason", done.error().message}});
        return false;
    }
    if (gone) removed_.add();
    return true;
}

}  // namespace cairn::node
