#include "node/neighbours.h"

#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/http_server.h"
#include "support/fake_clock.h"

namespace cairn::node {
namespace {

TEST(Neighbours, ThereAreNoneUnlessTheConfigurationNamesThem) {
    const support::FakeClock clock;
    const Neighbours none(Config{}, clock);
    EXPECT_EQ(none.topics(), nullptr);
    EXPECT_EQ(none.log_groups(), nullptr);
    EXPECT_EQ(none.keys(), nullptr);
}

TEST(Neighbours, EachIsAskedWithItsOwnKeyAndRegion) {
    Metrics metrics;
    std::mutex mutex;
    std::vector<std::string> scopes;
    auto server = net::HttpServer::start(
        {},
        [&](net::Request request, std::unique_ptr<net::Responder> responder) {
            const auto authorization = request.find("authorization");
            const auto begin = authorization.find("Credential=") + 11;
            const std::lock_guard lock(mutex);
            scopes.emplace_back(authorization.substr(begin, authorization.find(',') - begin));
            responder->send({.status = 200, .headers = {}, .body = R"({"KeyMetadata":{"Arn":"a"}})"});
        },
        {}, metrics);
    ASSERT_TRUE(server);

    Config config;
    const auto service = [&](const char* key, const char* region) {
        RemoteService made;
        made.endpoint = fmt::format("http://127.0.0.1:{}", (*server)->port());
        made.region = region;
        made.access_key_id = key;
        made.secret_access_key = "secret";
        return made;
    };
    config.sns = service("one", "");
    config.logs = service("two", "");
    config.kms = service("three", "us-east-2");
    const support::FakeClock clock;
    const Neighbours neighbours(config, clock);
    ASSERT_TRUE(neighbours.topics()->publish("arn:aws:sns:eu-west-1:111122223333:t", "m", ""));
    ASSERT_TRUE(neighbours.log_groups()->create_stream({"arn:aws:logs:eu-west-2:111122223333:log-group:g:*", "s"}));
    ASSERT_TRUE(neighbours.keys()->describe("arn:aws:kms:eu-west-3:111122223333:key/k"));
    EXPECT_EQ(scopes, (std::vector<std::string>{"one/20261121/eu-west-1/sns/aws4_request",
                                                "two/20261121/eu-west-2/logs/aws4_request",
                                                "three/20261121/us-east-2/kms/aws4_request"}));
}

}  // namespace
}  // namespace cairn::node
