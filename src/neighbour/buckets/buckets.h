#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "neighbour/buckets/lifecycle.h"
#include "policy/call.h"
#include "policy/resource_policy.h"
#include "seam/clock.h"
#include "seam/delivery_store.h"
#include "seam/key_service.h"
#include "seam/meta_store.h"
#include "seam/object_store.h"

namespace cairn::neighbour {

/// A bucket that lives in cairn's own data directory.
struct Bucket {
    std::string name, account, region;
    Time created{};
    std::string policy;  ///< JSON as it was put; empty: none
    Lifecycle lifecycle = {};
};

/// The embedded buckets of a node: who owns them and what their policies say in the meta store, their objects in an
/// object store. Trails write through it as CloudTrail's service principal, and only what the bucket's policy allows.
/// Any thread; all block.
class Buckets final : public DeliveryStore {
public:
    /// All outlive it. `keys` is asked whether a key may be used, before each object that names one; without it there
    /// are none. `lenient` takes every key unasked. The bytes are not encrypted with it: an object's headers name it.
    Buckets(MetaStore& store, ObjectStore& objects, const Clock& clock, KeyService* keys, bool lenient)
        : store_(store), objects_(objects), clock_(clock), keys_(keys), lenient_(lenient) {}

    /// Errors: conflict, "BucketAlreadyOwnedByYou: ..." or "BucketAlreadyExists: ..."; those of both stores. Names are
    /// the caller's to check.
    Result<Bucket> create(const std::string& name, const std::string& account, const std::string& region);

    /// Errors: not_found, "NoSuchBucket: ..."; conflict, "BucketNotEmpty: ...".
    Result<void> remove(const std::string& name);

    /// Error: not_found, "NoSuchBucket: ...".
    Result<Bucket> find(const std::string& name);

    /// Those of an account, by name.
    Result<std::vector<Bucket>> list(std::string_view account);

    /// Empty takes the policy away. Errors: invalid, "MalformedPolicy: ..."; not_found.
    Result<void> set_policy(const std::string& name, const std::string& policy);

    /// Without a rule the bucket has no lifecycle. Error: not_found.
    Result<void> set_lifecycle(const std::string& name, const Lifecycle& lifecycle);

    /// All, of any account, by name.
    Result<std::vector<Bucket>> list_all();

    /// What the bucket's policy says of a call; implicitly no without a policy.
    static policy::Decision decide(const Bucket& bucket, const policy::Caller& caller, const policy::Call& call);

    /// Called after a bucket was made or was given a policy: what could not be delivered may be now. To be set before
    /// others use it.
    void on_change(std::function<void()> call) { changed_ = std::move(call); }

    ObjectStore& objects() { return objects_; }

    Result<void> check(const DeliveryCaller& caller, const std::string& bucket) override;
    Result<void> put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                     const DeliveryObject& object) override;

private:
    Result<void> change(const std::string& name, const std::function<void(Bucket&)>& edit);
    Result<void> may_encrypt(const std::string& key_arn);
    Result<void> may(const DeliveryCaller& caller, const std::string& bucket, policy::Call call);

    MetaStore& store_;
    ObjectStore& objects_;
    const Clock& clock_;
    KeyService* const keys_;
    const bool lenient_;
    std::function<void()> changed_ = [] {};
};

}  // namespace cairn::neighbour
