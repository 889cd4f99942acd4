#pragma once

#include <memory>

#include "backend/credentials/chain.h"
#include "backend/s3/s3_store.h"
#include "base/result.h"
#include "node/config.h"
#include "seam/clock.h"
#include "seam/credentials.h"

namespace cairn::node {

/// What a section of the configuration says of credentials. `region` is that of the service, else of the node.
CredentialOptions credential_options(const RemoteService& service, const Config& config);

/// The S3 of `[s3]` with the credentials that go with it.
struct RemoteS3 {
    std::unique_ptr<CredentialSource> credentials;
    std::unique_ptr<S3Store> store;
};

/// Calls nobody yet. `clock` outlives it. Error: invalid, about the endpoint.
Result<RemoteS3> open_remote_s3(const Config& config, const Clock& clock);

}  // namespace cairn::node
