#include "node/neighbours.h"

#include "backend/aws/keys.h"
#include "backend/aws/log_groups.h"
#include "backend/aws/topics.h"
#include "backend/credentials/chain.h"
#include "node/remote_s3.h"

namespace cairn::node {

namespace {

std::unique_ptr<CredentialSource> credentials_for(const RemoteService& service, const Config& config,
                                                  const Clock& clock) {
    return credential_chain(credential_options(service, config), process_environment(), clock);
}

aws::AwsClient client_of(const char* name, const RemoteService& service, CredentialSource& credentials,
                         const Clock& clock, const std::atomic<bool>& give_up) {
    aws::Patience patience;
    patience.give_up = &give_up;
    return aws::AwsClient({name, service.endpoint, service.region, service.ca_file}, credentials, clock, patience);
}

}  // namespace

Neighbours::Neighbours(const Config& config, const Clock& clock) {
    if (config.sns.configured()) {
        sns_credentials_ = credentials_for(config.sns, config, clock);
        topics_ = std::make_unique<aws::Topics>(client_of("sns", config.sns, *sns_credentials_, clock, given_up_));
    }
    if (config.logs.configured()) {
        logs_credentials_ = credentials_for(config.logs, config, clock);
        log_groups_ =
            std::make_unique<aws::LogGroups>(client_of("logs", config.logs, *logs_credentials_, clock, given_up_));
    }
    if (config.kms.configured()) {
        kms_credentials_ = credentials_for(config.kms, config, clock);
        keys_ = std::make_unique<aws::Keys>(client_of("kms", config.kms, *kms_credentials_, clock, given_up_));
    }
}

}  // namespace cairn::node
