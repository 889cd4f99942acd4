#pragma once

#include <string>

#include "base/result.h"
#include "node/config.h"
#include "node/remote_s3.h"
#include "seam/clock.h"

namespace CLI {
class App;
}

namespace cairn::cli {

/// A real S3 as a command names it: flags, then `[s3]` of the configuration, then the environment and the files of the
/// AWS CLI.
struct S3Flags {
    std::string endpoint_url, region, profile, ca_file;

    /// --endpoint-url and `region_flag`; --profile and --ca-bundle are the command's own.
    void add_to(CLI::App& command, const std::string& region_flag);

    /// The configuration with all of it in its `s3`: a flag, else what is there, else AWS_ENDPOINT_URL_S3,
    /// AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, the profile's region, AWS_CA_BUNDLE, else AWS itself.
    node::Config applied(node::Config config) const;
};

}  // namespace cairn::cli
