#include "api/trail_destination.h"

#include <fmt/format.h>

#include "api/lookup.h"
#include "view/trail/keys.h"

namespace cairn::api {

namespace {

using trail::Trail;
using wire::ApiError;

constexpr const char* validation_message = "CloudTrail validation message.";

std::unexpected<ApiError> refuse(const char* code, std::string message) { return std::unexpected(ApiError{code, std::move(message)}); }

std::unexpected<ApiError> bucket_refused(const std::string& bucket, const Error& error) {
    if (error.code == Code::not_found) return refuse("S3BucketDoesNotExistException", fmt::format("S3 bucket {} does not exist!", bucket));
    if (error.code == Code::denied) return refuse("InsufficientS3BucketPolicyException", fmt::format("Incorrect S3 bucket policy is detected for bucket: {}", bucket));
    return std::unexpected(inner_error(error, "checking a trail's bucket"));
}

Checked check_topic(const TrailServices& services, const Trail& trail) {
    const auto refused = [] { return refuse("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"); };
    if (!services.notifier) return services.lenient ? Checked() : refused();
    const auto sent = services.notifier->publish(*trail.topic_arn, validation_message, trail.arn());
    return sent || services.lenient ? Checked() : refused();
}

}  // namespace

Checked check_bucket(const TrailServices& services, const Trail& trail) {
    const DeliveryCaller caller{trail.arn(), trail.account};
    const auto put_marker = [&](trail::Tree tree) {
        return services.buckets.put(caller, trail.bucket, trail::marker_key(trail.prefix.value_or(""), "", trail.account, trail::tree_name(tree)), {"", {}, trail.key_arn});
    };
    // Both are attempted; what could be written stays.
    const auto known = services.buckets.check(caller, trail.bucket);
    const auto written = put_marker(trail::Tree::events);
    if (!known) return bucket_refused(trail.bucket, known.error());
    if (!written) return bucket_refused(trail.bucket, written.error());
    if (!trail.validation) return {};
    const auto digests = services.buckets.put(
        caller, trail.bucket, trail::marker_key(trail.prefix.value_or(""), "", trail.account, "CloudTrail-Digest"), {"", {}, trail.key_arn});
    return digests ? Checked() : bucket_refused(trail.bucket, digests.error());
}

Checked check_destination(const TrailServices& services, const Trail& wanted, const Trail* before) {
    const auto differs = [&](auto... members) { return !before || ((wanted.*members != before->*members) || ...); };
    if (differs(&Trail::bucket, &Trail::prefix, &Trail::key_arn, &Trail::validation))
        if (auto checked = check_bucket(services, wanted); !checked) return checked;
    if (wanted.key_arn && differs(&Trail::key_arn) && !services.lenient)
        return refuse("InsufficientEncryptionPolicyException",
                      fmt::format("Insufficient permissions to access S3 bucket {} or KMS key {}.", wanted.bucket, *wanted.key_arn));
    if (wanted.topic_arn && differs(&Trail::topic_arn))
        if (auto checked = check_topic(services, wanted); !checked) return checked;
    if (wanted.log_group_arn && differs(&Trail::log_group_arn, &Trail::log_role_arn) && !services.lenient)
        return refuse("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.");
    return {};
}

}  // namespace cairn::api
