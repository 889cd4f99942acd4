#include "cli/s3_flags.h"

#include <initializer_list>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "backend/credentials/profile_file.h"

namespace cairn::cli {

namespace {

std::string first_of(std::initializer_list<std::string> values) {
    for (const auto& value : values)
        if (!value.empty()) return value;
    return {};
}

}  // namespace

void S3Flags::add_to(CLI::App& command, const std::string& region_flag) {
    command
        .add_option("--endpoint-url", endpoint_url,
                    "the S3; default s3.endpoint of the configuration, $AWS_ENDPOINT_URL_S3, $AWS_ENDPOINT_URL, AWS")
        ->type_name("URL");
    command.add_option(region_flag, region,
                       "its region; default s3.region of the configuration, $AWS_REGION, $AWS_DEFAULT_REGION, the "
                       "profile's, us-east-1");
}

node::Config S3Flags::applied(node::Config config) const {
    const auto environment = process_environment();
    const auto variable = [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    };
    const auto home = variable("HOME");
    auto& s3 = config.s3;
    s3.profile = first_of({profile, s3.profile});
    const auto named = first_of({s3.profile, variable("AWS_PROFILE"), "default"});
    auto settings = read_profile(first_of({variable("AWS_CONFIG_FILE"), home + "/.aws/config"}), named);
    settings.merge(
        read_profile(first_of({variable("AWS_SHARED_CREDENTIALS_FILE"), home + "/.aws/credentials"}), named));
    s3.region = first_of(
        {region, s3.region, variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"), settings["region"], "us-east-1"});
    const auto aws = fmt::format("https://s3.{}.amazonaws.com{}", s3.region, s3.region.starts_with("cn-") ? ".cn" : "");
    s3.endpoint = first_of({endpoint_url, s3.endpoint, variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"),
                            settings["endpoint_url"], aws});
    s3.ca_file = first_of({ca_file, s3.ca_file, variable("AWS_CA_BUNDLE")});
    return config;
}

}  // namespace cairn::cli
