#include "api/trail_destination.h"

#include <fmt/format.h>

#include "api/lookup.h"
#include "base/deadline.h"
#include "view/trail/keys.h"
#include "view/trail/log_streams.h"
#include "view/trail/status.h"

namespace cairn::api {

namespace {

using trail::Trail;
using wire::ApiError;

constexpr const char* validation_message = "CloudTrail validation message.";

std::unexpected<ApiError> refuse(const char* code, std::string message) {
    return std::unexpected(ApiError{code, std::move(message)});
}

std::unexpected<ApiError> insufficient_key(const Trail& trail) {
    return refuse("InsufficientEncryptionPolicyException",
                  fmt::format("Insufficient permissions to access S3 bucket {} or KMS key {}.", trail.bucket,
                              trail.key_arn.value_or("")));
}

std::unexpected<ApiError> unusable_key(const Trail& trail, const char* why) {
    return refuse("KmsException", fmt::format("KMS key {} cannot be used: {}", trail.key_arn.value_or(""), why));
}

/// What a bucket says when it is not to blame but the key.
bool is_about_key(const Error& error) { return error.message.starts_with("KMS.") || error.message.starts_with("kms:"); }

std::unexpected<ApiError> bucket_refused(const Trail& trail, const Error& error) {
    if (is_about_key(error))
        return error.message.find("NotFound") == std::string::npos
                   ? unusable_key(trail, "it is disabled or pending deletion.")
                   : insufficient_key(trail);
    if (error.code == Code::not_found)
        return refuse("S3BucketDoesNotExistException", fmt::format("S3 bucket {} does not exist!", trail.bucket));
    if (error.code == Code::denied)
        return refuse("InsufficientS3BucketPolicyException",
                      fmt::format("Incorrect S3 bucket policy is detected for bucket: {}", trail.bucket));
    return std::unexpected(inner_error(error, "checking a trail's bucket"));
}

std::unexpected<ApiError> key_refused(const Trail& trail, const Error& error) {
    switch (error.code) {
        case Code::not_found:
        case Code::denied: return insufficient_key(trail);
        case Code::conflict: return unusable_key(trail, "it is disabled or pending deletion.");
        case Code::invalid:
            return refuse("KmsKeyNotFoundException",
                          fmt::format("KMS key {} does not exist.", trail.key_arn.value_or("")));
        default: return std::unexpected(inner_error(error, "checking a trail's key"));
    }
}

std::string_view region_of_arn(std::string_view arn) {
    for (int i = 0; i < 3; ++i) arn.remove_prefix(arn.find(':') + 1);
    return arn.substr(0, arn.find(':'));
}

bool key_lies_elsewhere(const TrailServices& services, const Trail& trail) {
    const auto region = services.bucket_region ? services.bucket_region(trail.bucket) : std::nullopt;
    return region && *region != region_of_arn(*trail.key_arn);
}

/// `facts` is what the key service says of it.
Checked check_key(const TrailServices& services, const Trail& trail, const Result<KeyFacts>& facts) {
    if (key_lies_elsewhere(services, trail))
        return refuse("KmsKeyNotFoundException",
                      fmt::format("KMS key {} is not in the region of S3 bucket {}.", *trail.key_arn, trail.bucket));
    if (!facts) return key_refused(trail, facts.error());
    if (!facts->enabled) return unusable_key(trail, "it is disabled or pending deletion.");
    if (!facts->symmetric) return unusable_key(trail, "it is not a symmetric encryption key.");
    const auto proved = services.key_service->prove_use(*trail.key_arn, trail.arn());
    return proved ? Checked() : key_refused(trail, proved.error());
}

std::unexpected<ApiError> topic_refused(const Error& error) {
    const auto code = trail::foreign_code(error);
    if (code == "InvalidClientTokenId")
        return refuse("CloudTrailInvalidClientTokenIdException",
                      "The call to Amazon SNS resulted in the InvalidClientTokenId error code.");
    if (code == "KMSNotFound") return refuse("KmsKeyNotFoundException", "The KMS key of the SNS topic does not exist.");
    if (code.starts_with("KMS"))
        return refuse("KmsException", fmt::format("The KMS key of the SNS topic cannot be used: {}", code));
    if (error.code == Code::unavailable) return std::unexpected(inner_error(error, "checking a trail's topic"));
    return refuse("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!");
}

Checked check_topic(const TrailServices& services, const Trail& trail) {
    const auto sent = services.notifier ? services.notifier->publish(*trail.topic_arn, validation_message, trail.arn())
                                        : fail(Code::not_found, "NotFound: there is no service that has topics");
    return sent || services.lenient ? Checked() : topic_refused(sent.error());
}

std::unexpected<ApiError> log_group_refused(const Error& error) {
    constexpr const char* invalid = "InvalidCloudWatchLogsLogGroupArnException";
    if (error.code == Code::denied)
        return refuse(invalid, "Access denied. Verify in IAM that the role has adequate permissions.");
    if (error.code == Code::unavailable)
        return refuse("CloudWatchLogsDeliveryUnavailableException",
                      "CloudTrail cannot set a CloudWatch Logs delivery for this Region now.");
    return refuse(invalid, "CloudTrail cannot validate the specified log group ARN.");
}

Checked check_logs(const TrailServices& services, const Trail& trail) {
    const auto made = services.logs
                          ? services.logs->create_stream(
                                {*trail.log_group_arn, trail::log_stream_name(trail.account, trail.home_region)})
                          : fail(Code::not_found, "ResourceNotFoundException: there is no service that has log groups");
    return made || services.lenient ? Checked() : log_group_refused(made.error());
}

}  // namespace

Checked check_bucket(const TrailServices& services, const Trail& trail) {
    const Deadline deadline(services.patience);
    const DeliveryCaller caller{trail.arn(), trail.account};
    const auto put_marker = [&](trail::Tree tree) {
        return services.buckets.put(
            caller, trail.bucket,
            trail::marker_key(trail.prefix.value_or(""), "", trail.account, trail::tree_name(tree)),
            {"", {}, trail.key_arn});
    };
    // Both are attempted; what could be written stays.
    const auto known = services.buckets.check(caller, trail.bucket);
    const auto written = put_marker(trail::Tree::events);
    if (!known) return bucket_refused(trail, known.error());
    if (!written) return bucket_refused(trail, written.error());
    if (!trail.validation) return {};
    const auto digests = services.buckets.put(
        caller, trail.bucket, trail::marker_key(trail.prefix.value_or(""), "", trail.account, "CloudTrail-Digest"),
        {"", {}, trail.key_arn});
    return digests ? Checked() : bucket_refused(trail, digests.error());
}

Checked check_destination(const TrailServices& services, Trail& wanted, const Trail* before) {
    const Deadline deadline(services.patience);
    const auto differs = [&](auto... members) { return !before || ((wanted.*members != before->*members) || ...); };
    const bool key_differs = wanted.key_arn && differs(&Trail::key_arn);
    Result<KeyFacts> key = fail(Code::not_found, "there is no key service");
    if (key_differs && services.key_service) key = services.key_service->describe(*wanted.key_arn);
    if (key) wanted.key_arn = key->arn;

    const bool bucket_differs = differs(&Trail::bucket, &Trail::prefix, &Trail::key_arn, &Trail::validation);
    const auto bucket = bucket_differs ? check_bucket(services, wanted) : Checked();
    const bool key_to_blame = !bucket && (bucket.error().code == "KmsException" ||
                                          bucket.error().code == "InsufficientEncryptionPolicyException");
    if (!bucket && !key_to_blame) return bucket;
    const bool asks_for_itself = services.store_has_keys && !services.key_service;
    if (key_differs && !services.lenient && !asks_for_itself)
        if (auto checked = check_key(services, wanted, key); !checked) return checked;
    if (!bucket) return bucket;

    if (wanted.topic_arn && differs(&Trail::topic_arn))
        if (auto checked = check_topic(services, wanted); !checked) return checked;
    if (wanted.log_group_arn && differs(&Trail::log_group_arn, &Trail::log_role_arn))
        return check_logs(services, wanted);
    return {};
}

}  // namespace cairn::api
