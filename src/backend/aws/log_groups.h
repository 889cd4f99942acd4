#pragma once

#include "backend/aws/aws_client.h"
#include "seam/log_sink.h"

namespace cairn::aws {

/// Log groups of a CloudWatch Logs elsewhere. Needs the two rights that the CloudTrail user guide gives ("Role policy
/// document for CloudTrail to use CloudWatch Logs"): logs:CreateLogStream and logs:PutLogEvents.
class LogGroups final : public LogSink {
public:
    explicit LogGroups(AwsClient client) : client_(std::move(client)) {}

    Result<void> create_stream(const LogStream& stream) override;

    /// Events that the service takes note of and refuses ("rejectedLogEventsInfo") are an error, "RejectedLogEvents:
    /// ...".
    Result<void> put(const LogStream& stream, Time at, const std::vector<std::string_view>& messages) override;

private:
    const AwsClient client_;
};

}  // namespace cairn::aws
