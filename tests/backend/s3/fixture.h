#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "backend/s3/s3_store.h"
#include "support/fake_clock.h"
#include "support/fault_server.h"

namespace cairn {

class FixedCredentials final : public CredentialSource {
public:
    Result<AccessCredentials> get() override { return AccessCredentials{"AK", "secret", "token"}; }
};

/// An S3 whose server does what the test says, and which is not patient.
class FaultyS3 : public testing::Test {
protected:
    using Request = support::FaultServer::Request;
    using Peer = support::FaultServer::Peer;

    void serve(support::FaultServer::Script script) {
        server_ = std::make_unique<support::FaultServer>(std::move(script));
        options_.endpoint = server_->url();
        store_ = std::move(*open_s3_store(options_, credentials_, clock_));
    }

    void SetUp() override {
        options_.back_off_least = std::chrono::milliseconds(1);
        options_.silence_timeout = std::chrono::seconds(1);
    }

    std::vector<Request> requests() { return server_->requests(); }

    FixedCredentials credentials_;
    support::FakeClock clock_;
    S3Options options_;
    std::unique_ptr<support::FaultServer> server_;
    std::unique_ptr<S3Store> store_;
};

}  // namespace cairn
