#pragma once

#include "backend/aws/aws_client.h"
#include "seam/notifier.h"

namespace cairn::aws {

/// Topics of an SNS elsewhere (SNS API reference, "Publish").
class Topics final : public Notifier {
public:
    explicit Topics(AwsClient client) : client_(std::move(client)) {}

    Result<void> publish(const std::string& topic_arn, const std::string& message,
                         const std::string& trail_arn) override;

private:
    const AwsClient client_;
};

}  // namespace cairn::aws
