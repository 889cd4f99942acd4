#include <mutex>

#include "backend/s3/fixture.h"
#include "net/certificate.h"
#include "net/http_server.h"
#include "sign/sigv4.h"

namespace cairn {
namespace {

TEST(S3Tls, TrustsItsOwnCaAndLeavesThePayloadUnsigned) {
    const net::Certificate certificate;
    std::mutex mutex;
    std::vector<net::Request> asked;
    Metrics metrics;
    net::ServerOptions server_options;
    server_options.tls = certificate.files();
    const auto server = net::HttpServer::start(
        std::move(server_options),
        [&](net::Request request, std::unique_ptr<net::Responder> responder) {
            std::lock_guard lock(mutex);
            asked.push_back(std::move(request));
            responder->send({200, {{"ETag", "\"e\""}}, ""});
        },
        {}, metrics);
    ASSERT_TRUE(server);

    FixedCredentials credentials;
    support::FakeClock clock;
    S3Options options;
    options.endpoint = "https://127.0.0.1:" + std::to_string((*server)->port());
    options.attempts_max = 1;
    const auto untrusting = open_s3_store(options, credentials, clock);
    EXPECT_EQ((*untrusting)->put("logs", "key", "bytes", {}).error().code, Code::unavailable);
    EXPECT_TRUE(asked.empty());

    options.ca_file = certificate.files().certificate;
    const auto store = open_s3_store(options, credentials, clock);
    const auto etag = (*store)->put("logs", "a b/c+d", "bytes", {});
    ASSERT_TRUE(etag) << etag.error().message;
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    EXPECT_EQ(asked[0].body, "bytes");
    const sign::SignedParts parts{asked[0].method, asked[0].target, &asked[0].headers, "UNSIGNED-PAYLOAD"};
    const auto presented = sign::read_signature(parts);
    ASSERT_TRUE(presented);
    EXPECT_TRUE(sign::verify(parts, *presented, "secret", clock.now(), {std::chrono::seconds(300), false}));
}

}  // namespace
}  // namespace cairn
