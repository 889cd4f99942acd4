#include "neighbour/buckets/buckets.h"

#include <limits>

#include <fmt/format.h>

#include "base/json.h"
#include "neighbour/buckets/trail_accounts.h"

namespace cairn::neighbour {

namespace {

constexpr std::string_view space = "bucket";
constexpr const char* service = "cloudtrail.amazonaws.com";
constexpr const char* owner_acl = "bucket-owner-full-control";

std::string encode(const Bucket& bucket) {
    JsonObject row{{"account", bucket.account},
                   {"region", bucket.region},
                   {"created", to_milliseconds(bucket.created)},
                   {"policy", bucket.policy}};
    if (!bucket.lifecycle.empty()) row.emplace_back("lifecycle", to_json(bucket.lifecycle));
    return to_text(std::move(row));
}

Result<Bucket> decode(const std::string& name, std::string_view text) {
    const auto json = parse_json(text);
    const auto* created = json ? json->find("created") : nullptr;
    if (!created || json->text("account").empty())
        return fail(Code::corrupt, fmt::format("bucket {}: its row is damaged", name));
    Bucket bucket{name, std::string(json->text("account")), std::string(json->text("region")),
                  from_milliseconds(created->as_integer()), std::string(json->text("policy"))};
    if (const auto* rules = json->find("lifecycle")) {
        auto lifecycle = read_lifecycle(*rules);
        if (!lifecycle) return fail(Code::corrupt, fmt::format("bucket {}: {}", name, lifecycle.error().message));
        bucket.lifecycle = std::move(*lifecycle);
    }
    return bucket;
}

std::unexpected<Error> no_such_bucket(const std::string& name) {
    return fail(Code::not_found, fmt::format("NoSuchBucket: there is no bucket {}", name));
}

Result<Bucket> load(Transaction& transaction, const std::string& name) {
    const auto value = transaction.get(space, name);
    if (!value) return fail(value.error());
    if (!*value) return no_such_bucket(name);
    return decode(name, **value);
}

std::string arn_of(const std::string& bucket) { return "arn:aws:s3:::" + bucket; }

}  // namespace

Result<Bucket> Buckets::create(const std::string& name, const std::string& account, const std::string& region) {
    Bucket made{name, account, region, clock_.now(), ""};
    const auto taken = [&](Transaction& transaction) -> Result<void> {
        const auto there = load(transaction, name);
        if (!there) return there.error().code == Code::not_found ? Result<void>() : fail(there.error());
        if (there->account == account)
            return fail(Code::conflict, fmt::format("BucketAlreadyOwnedByYou: bucket {} is yours already", name));
        return fail(Code::conflict, fmt::format("BucketAlreadyExists: bucket {} has another owner", name));
    };
    CAIRN_TRY(store_.view(taken));
    // The folder first: a row without one would be a bucket that cannot be written. One that is left over is taken.
    if (auto folder = objects_.create_bucket(name); !folder && folder.error().code != Code::conflict)
        return fail(std::move(folder).error());
    CAIRN_TRY(store_.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(taken(transaction));
        return transaction.put(space, name, encode(made));
    }));
    changed_();
    return made;
}

Result<void> Buckets::remove(const std::string& name) {
    if (const auto there = find(name); !there) return fail(there.error());
    CAIRN_TRY(objects_.delete_bucket(name));
    return store_.transact([&](Transaction& transaction) { return transaction.erase(space, name); });
}

Result<Bucket> Buckets::find(const std::string& name) {
    Bucket found;
    CAIRN_TRY(store_.view([&](Transaction& transaction) -> Result<void> {
        auto loaded = load(transaction, name);
        if (!loaded) return fail(std::move(loaded).error());
        found = std::move(*loaded);
        return {};
    }));
    return found;
}

Result<std::vector<Bucket>> Buckets::list(std::string_view account) {
    auto buckets = list_all();
    if (buckets) std::erase_if(*buckets, [&](const Bucket& bucket) { return bucket.account != account; });
    return buckets;
}

Result<std::vector<Bucket>> Buckets::list_all() {
    std::vector<Bucket> buckets;
    CAIRN_TRY(store_.view([&](Transaction& transaction) -> Result<void> {
        buckets.clear();
        const auto rows = transaction.scan(space, "", "", std::numeric_limits<std::size_t>::max());
        if (!rows) return fail(rows.error());
        for (const auto& [name, value] : *rows) {
            auto bucket = decode(name, value);
            if (!bucket) return fail(std::move(bucket).error());
            buckets.push_back(std::move(*bucket));
        }
        return {};
    }));
    return buckets;
}

Result<void> Buckets::set_policy(const std::string& name, const std::string& policy) {
    if (!policy.empty())
        if (const auto parsed = policy::ResourcePolicy::parse(policy); !parsed)
            return fail(Code::invalid, "MalformedPolicy: " + parsed.error().message);
    CAIRN_TRY(change(name, [&](Bucket& bucket) { bucket.policy = policy; }));
    changed_();
    return {};
}

Result<void> Buckets::set_lifecycle(const std::string& name, const Lifecycle& lifecycle) {
    return change(name, [&](Bucket& bucket) { bucket.lifecycle = lifecycle; });
}

Result<void> Buckets::change(const std::string& name, const std::function<void(Bucket&)>& edit) {
    return store_.transact([&](Transaction& transaction) -> Result<void> {
        auto bucket = load(transaction, name);
        if (!bucket) return fail(std::move(bucket).error());
        edit(*bucket);
        return transaction.put(space, name, encode(*bucket));
    });
}

policy::Decision Buckets::decide(const Bucket& bucket, const policy::Caller& caller, const policy::Call& call) {
    if (bucket.policy.empty()) return policy::Decision::denied_implicitly;
    const auto policy = policy::ResourcePolicy::parse(bucket.policy);
    return policy ? policy->evaluate(caller, call)
                  : policy::Decision::denied_explicitly;  // one that cannot be read allows nothing
}

/// `call` has the conditions that are its own; those of every call of a trail are added.
Result<void> Buckets::may(const DeliveryCaller& caller, const std::string& name, policy::Call call) {
    const auto bucket = find(name);
    if (!bucket) return fail(bucket.error());
    const auto now = clock_.now();
    const std::pair<const char*, std::string> of_every_call[] = {
        {"aws:SourceArn", caller.trail_arn},
        {"aws:SourceAccount", caller.account},
        {"aws:PrincipalIsAWSService", "true"},
        {"aws:PrincipalServiceName", service},
        {"aws:PrincipalServiceNamesList", service},
        {"aws:UserAgent", service},
        {"aws:CurrentTime", format_time(std::chrono::floor<std::chrono::seconds>(now))},
        {"aws:EpochTime", std::to_string(to_milliseconds(now) / 1000)},
        {"aws:PrincipalType", "AssumedRole"},
        {"aws:SecureTransport", "true"},
        {"aws:ResourceAccount", bucket->account},
        {"s3:ResourceAccount", bucket->account}};
    for (const auto& [name_of_key, value] : of_every_call) call.context.emplace_back(name_of_key, value);
    if (decide(*bucket, {service, "", "", "", trail_accounts}, call) == policy::Decision::allowed) return {};
    return fail(Code::denied, fmt::format("AccessDenied: the policy of bucket {} does not allow {} {} for trail {}",
                                          name, service, call.action, caller.trail_arn));
}

Result<void> Buckets::check(const DeliveryCaller& caller, const std::string& bucket) {
    return may(caller, bucket, {"s3:GetBucketAcl", arn_of(bucket), {}});
}

/// S3 names what its key service says with "KMS." before it.
Result<void> Buckets::may_encrypt(const std::string& key_arn) {
    if (!keys_)
        return fail(Code::denied, fmt::format("KMS.NotFoundException: there is no key service that has {}", key_arn));
    const auto key = keys_->describe(key_arn);
    if (!key && key.error().code == Code::unavailable) return fail(key.error());
    if (!key) return fail(Code::denied, "KMS." + key.error().message);
    return key->enabled
               ? Result<void>()
               : fail(Code::denied, fmt::format("KMS.DisabledException: {} is disabled or pending deletion", key_arn));
}

Result<void> Buckets::put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                          const DeliveryObject& object) {
    policy::Call call{
        "s3:PutObject",
        arn_of(bucket) + "/" + key,
        {{"s3:x-amz-acl", owner_acl}, {"s3:x-amz-server-side-encryption", object.key_arn ? "aws:kms" : "AES256"}}};
    if (object.key_arn) call.context.emplace_back("s3:x-amz-server-side-encryption-aws-kms-key-id", *object.key_arn);
    CAIRN_TRY(may(caller, bucket, std::move(call)));
    if (object.key_arn && !lenient_) CAIRN_TRY(may_encrypt(*object.key_arn));
    ObjectHeaders headers;
    headers.content_type = "application/json";
    headers.content_encoding = "gzip";
    headers.acl = owner_acl;
    headers.metadata = object.metadata;
    headers.encryption = object.key_arn ? Encryption::kms : Encryption::aes256;
    headers.kms_key = object.key_arn.value_or("");
    const auto written = objects_.put(bucket, key, object.bytes, headers);
    return written ? Result<void>() : fail(written.error());
}

}  // namespace cairn::neighbour
