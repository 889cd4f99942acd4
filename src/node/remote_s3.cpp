#include "node/remote_s3.h"

namespace cairn::node {

namespace {

s3::BucketPlace bucket_place(const std::string& path_style) {
    if (path_style == "auto") return s3::BucketPlace::automatic;
    return path_style == "true" ? s3::BucketPlace::path : s3::BucketPlace::host;
}

std::string region_of(const RemoteService& service, const Config& config) {
    return service.region.empty() ? config.region : service.region;
}

}  // namespace

CredentialOptions credential_options(const RemoteService& service, const Config& config) {
    CredentialOptions options;
    options.keys = {service.access_key_id, service.secret_access_key, service.session_token};
    options.web_identity_token_file = service.web_identity_token_file;
    options.role_arn = service.role_arn;
    options.profile = service.profile;
    options.region = region_of(service, config);
    options.sts_endpoint = service.sts_endpoint;
    options.ca_file = service.ca_file;
    return options;
}

Result<RemoteS3> open_remote_s3(const Config& config, const Clock& clock) {
    RemoteS3 remote;
    remote.credentials = credential_chain(credential_options(config.s3, config), process_environment(), clock);
    S3Options options;
    options.endpoint = config.s3.endpoint;
    options.region = region_of(config.s3, config);
    options.bucket_place = bucket_place(config.s3_path_style);
    options.ca_file = config.s3.ca_file;
    auto store = open_s3_store(std::move(options), *remote.credentials, clock);
    if (!store) return fail(std::move(store).error());
    remote.store = std::move(*store);
    return remote;
}

}  // namespace cairn::node
