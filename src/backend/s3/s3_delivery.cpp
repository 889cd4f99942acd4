#include "backend/s3/s3_delivery.h"

#include "base/json.h"
#include "base/log.h"

namespace cairn {

namespace {

std::string_view s3_code(const Error& error) {
    return std::string_view(error.message).substr(0, error.message.find(": "));
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    for (const auto one : codes)
        if (code == one) return true;
    return false;
}

std::string key_id(const std::string& arn, bool whole) {
    constexpr std::string_view before = ":key/";
    const auto at = arn.find(before);
    return whole || at == std::string::npos ? arn : arn.substr(at + before.size());
}

std::string context_of(const DeliveryCaller& caller, const std::string& bucket, const std::string& key) {
    return to_text(
        JsonObject{{"aws:cloudtrail:arn", caller.trail_arn}, {"aws:s3:arn", "arn:aws:s3:::" + bucket + "/" + key}});
}

}  // namespace

bool S3Delivery::left_out(const std::set<std::string>& buckets, const std::string& bucket) {
    std::lock_guard lock(mutex_);
    return buckets.contains(bucket);
}

void S3Delivery::leave_out(std::set<std::string>& buckets, const std::string& bucket, const char* what,
                           const Error& reason) {
    log_warning("bucket takes no such header; objects are written without it",
                {{"bucket", bucket}, {"header", what}, {"reason", reason.message}});
    std::lock_guard lock(mutex_);
    buckets.insert(bucket);
}

Result<void> S3Delivery::check(const DeliveryCaller&, const std::string& bucket) {
    auto known = store_.get_bucket_acl(bucket);
    if (!known && is_one_of(s3_code(known.error()), {"NotImplemented", "MethodNotAllowed"}))
        return store_.head_bucket(bucket);
    return known;
}

Result<void> S3Delivery::put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                             const DeliveryObject& object) {
    ObjectHeaders headers;
    headers.content_type = "application/json";
    headers.content_encoding = "gzip";
    headers.metadata = object.metadata;
    if (!left_out(without_acl_, bucket)) headers.acl = "bucket-owner-full-control";
    if (object.key_arn) {
        headers.encryption = Encryption::kms;
        headers.kms_key = key_id(*object.key_arn, store_.aws());
        headers.kms_context = context_of(caller, bucket, key);
    } else if (!left_out(without_encryption_, bucket)) {
        headers.encryption = Encryption::aes256;
    }
    for (;;) {
        const auto written = store_.put(bucket, key, object.bytes, headers);
        if (written) return {};
        const auto code = s3_code(written.error());
        if (!headers.acl.empty() && code == "AccessControlListNotSupported") {
            leave_out(without_acl_, bucket, "x-amz-acl", written.error());
            headers.acl.clear();
        } else if (headers.encryption == Encryption::aes256 &&
                   is_one_of(code, {"NotImplemented", "InvalidEncryptionAlgorithmError", "KMSNotConfigured"})) {
            leave_out(without_encryption_, bucket, "x-amz-server-side-encryption", written.error());
            headers.encryption = Encryption::standard;
        } else if (!headers.acl.empty() && code == "NotImplemented") {
            leave_out(without_acl_, bucket, "x-amz-acl", written.error());
            headers.acl.clear();
        } else {
            return fail(written.error());
        }
    }
}

}  // namespace cairn
