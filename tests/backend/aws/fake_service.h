#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backend/aws/aws_client.h"
#include "net/http_server.h"
#include "sign/digest.h"
#include "sign/sigv4.h"
#include "support/fake_clock.h"

namespace cairn::aws {

class FixedCredentials final : public CredentialSource {
public:
    Result<AccessCredentials> get() override { return given; }
    Result<AccessCredentials> given = AccessCredentials{"AKIDEXAMPLE", "the secret", ""};
};

/// A service that gives prepared answers and keeps what it was asked; the last answer is given again and again. Every
/// request must be signed for it.
class FakeService : public ::testing::Test {
protected:
    void SetUp() override {
        auto started = net::HttpServer::start(
            {},
            [this](net::Request request, std::unique_ptr<net::Responder> responder) {
                const std::lock_guard lock(mutex_);
                problems_ += problem_of(request);
                asked_.push_back(std::move(request));
                auto answer = answers_.front();
                if (answers_.size() > 1) answers_.pop_front();
                responder->send(std::move(answer));
            },
            {}, metrics_);
        ASSERT_TRUE(started);
        server_ = std::move(*started);
    }
    void TearDown() override { EXPECT_EQ(problems_, ""); }

    std::string authority() const { return "127.0.0.1:" + std::to_string(server_->port()); }

    AwsClient client(std::string service, std::string region = "") {
        service_ = service;
        Patience patience;
        patience.least_pause = std::chrono::milliseconds(1);
        return AwsClient({std::move(service), "http://" + authority() + "/base", std::move(region), ""}, credentials_,
                         clock_, patience);
    }

    void answer(int status, std::string body, net::Headers headers = {}) {
        answers_.push_back({status, std::move(headers), std::move(body)});
    }

    std::string problem_of(const net::Request& request) const {
        const sign::SignedParts parts{request.method, request.target, &request.headers,
                                      request.find("x-amz-content-sha256")};
        const auto presented = sign::read_signature(parts);
        if (!presented) return presented.error().message + "\n";
        const auto verified = sign::verify(parts, *presented, "the secret", clock_.now());
        if (!verified) return verified.error().message + "\n";
        if (sign::sha256_hex(request.body) != request.find("x-amz-content-sha256")) return "another body was signed\n";
        return presented->scope.service == service_ ? "" : "signed for " + presented->scope.service + "\n";
    }

    std::string region_asked(std::size_t number) const {
        const auto& request = asked_.at(number);
        return sign::read_signature({request.method, request.target, &request.headers, ""})->scope.region;
    }

    support::FakeClock clock_;
    FixedCredentials credentials_;
    Metrics metrics_;
    std::mutex mutex_;
    std::string service_;
    std::deque<net::Response> answers_;
    std::vector<net::Request> asked_;
    std::string problems_;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace cairn::aws
