#pragma once

#include "backend/aws/aws_client.h"
#include "seam/key_service.h"

namespace cairn::aws {

/// Keys of a KMS elsewhere. Needs the two rights that the CloudTrail user guide gives ("Configure AWS KMS key policies
/// for CloudTrail"): kms:DescribeKey and kms:GenerateDataKey*.
class Keys final : public KeyService {
public:
    explicit Keys(AwsClient client) : client_(std::move(client)) {}

    Result<KeyFacts> describe(const std::string& key_arn) override;
    Result<void> prove_use(const std::string& key_arn, const std::string& trail_arn) override;

private:
    const AwsClient client_;
};

}  // namespace cairn::aws
