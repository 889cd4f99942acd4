#pragma once

#include <map>
#include <memory>
#include <string>

#include "seam/clock.h"
#include "seam/credentials.h"

namespace cairn {

/// Names and values, as a process has them.
using Environment = std::map<std::string, std::string>;

/// That of this process.
Environment process_environment();

/// What a configuration says of credentials; all of it may be empty.
struct CredentialOptions {
    AccessCredentials keys;
    std::string web_identity_token_file, role_arn;
    std::string profile;
    std::string region;        ///< for the regional endpoint of STS
    std::string sts_endpoint;  ///< URL; empty: AWS_ENDPOINT_URL_STS, else AWS's of the region
    std::string ca_file;       ///< to trust besides the system's, for STS
};

/// Looks in this order, as the AWS SDKs do (AWS SDKs and Tools reference guide, "Standardized credential providers"),
/// and takes the first place that has something: what is configured (keys, else web identity, else the profile named);
/// the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN); web identity by
/// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME; the profile AWS_PROFILE, else "default", of
/// AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials. The profile's file is read again when it changed. Credentials
/// of a web identity are fetched again five minutes before they end, with the token that the file holds then; while
/// that fails the old ones are given as long as they last. `clock` outlives the source.
std::unique_ptr<CredentialSource> credential_chain(CredentialOptions options, Environment environment,
                                                   const Clock& clock);

}  // namespace cairn
