#include "cli/s3_flags.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

using namespace cairn;
using namespace cairn::cli;

namespace {

/// The environment of this process without what the AWS CLI looks at, as long as a test runs.
class S3FlagsTest : public testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION",
                                 "AWS_PROFILE", "AWS_CA_BUNDLE"})
            ::unsetenv(name);
        ::setenv("AWS_CONFIG_FILE", (folder_.path() + "/config").c_str(), 1);
        ::setenv("AWS_SHARED_CREDENTIALS_FILE", (folder_.path() + "/credentials").c_str(), 1);
    }
    void TearDown() override {
        for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_CONFIG_FILE",
                                 "AWS_SHARED_CREDENTIALS_FILE"})
            ::unsetenv(name);
    }
    support::TemporaryFolder folder_;
};

}  // namespace

TEST_F(S3FlagsTest, FlagsThenConfigurationThenEnvironmentThenProfileThenAws) {
    node::Config config;
    EXPECT_EQ(S3Flags{}.applied(config).s3.endpoint, "https://s3.us-east-1.amazonaws.com");
    std::ofstream(folder_.path() + "/config")
        << "[profile minio]\nregion = cn-north-1\nendpoint_url = http://profile\n[default]\nregion = cn-north-1\n";
    EXPECT_EQ(S3Flags{}.applied(config).s3.endpoint, "https://s3.cn-north-1.amazonaws.com.cn");
    S3Flags profile;
    profile.profile = "minio";
    EXPECT_EQ(profile.applied(config).s3.endpoint, "http://profile");
    EXPECT_EQ(profile.applied(config).s3.profile, "minio");

    ::setenv("AWS_ENDPOINT_URL", "http://any", 1);
    ::setenv("AWS_REGION", "eu-west-1", 1);
    EXPECT_EQ(profile.applied(config).s3.endpoint, "http://any");
    EXPECT_EQ(profile.applied(config).s3.region, "eu-west-1");
    ::setenv("AWS_ENDPOINT_URL_S3", "http://s3", 1);
    EXPECT_EQ(profile.applied(config).s3.endpoint, "http://s3");
    config.s3.endpoint = "http://configured";
    config.s3.region = "configured-1";
    EXPECT_EQ(profile.applied(config).s3.endpoint, "http://configured");
    EXPECT_EQ(profile.applied(config).s3.region, "configured-1");
    profile.endpoint_url = "http://flag";
    profile.region = "flag-1";
    profile.ca_file = "/ca.pem";
    const auto applied = profile.applied(config).s3;
    EXPECT_EQ(applied.endpoint, "http://flag");
    EXPECT_EQ(applied.region, "flag-1");
    EXPECT_EQ(applied.ca_file, "/ca.pem");
}
