#include "net/http_client.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "net/http_server.h"

namespace cairn::net {
namespace {

class Client : public testing::Test {
protected:
    void SetUp() override {
        auto started = HttpServer::start(
            {},
            [this](Request request, std::unique_ptr<Responder> responder) {
                Response response{request.target == "/base/missing" ? 404 : 200,
                                  {{"X-Got", request.method + " " + request.target}},
                                  request.body};
                for (const auto& [name, value] : request.headers) response.headers.emplace_back("Got-" + name, value);
                responder->send(std::move(response));
            },
            {}, metrics_);
        ASSERT_TRUE(started);
        server_ = std::move(*started);
    }

    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/base/"; }

    static Request request(std::string method, std::string target, std::string body = "") {
        Request made;
        made.method = std::move(method);
        made.target = std::move(target);
        made.body = std::move(body);
        return made;
    }

    static std::string header(const Response& response, std::string_view name) {
        for (const auto& [key, value] : response.headers)
            if (equal_names(key, name)) return value;
        return "(none)";
    }

    Metrics metrics_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(Client, MethodTargetAndBodyArriveAsGiven) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"})
        for (const std::string& body : {std::string(), std::string("\0binary\xff", 8), std::string(3 << 20, 'x')}) {
            const auto answer = send(endpoint(), request(method, "/a/../b%20c?d=%2F&e", body));
            ASSERT_TRUE(answer) << answer.error().message;
            EXPECT_EQ(answer->status, 200);
            EXPECT_EQ(header(*answer, "x-got"), std::string(method) + " /base/a/../b%20c?d=%2F&e");
            EXPECT_EQ(answer->body, body);
        }
}

TEST_F(Client, HeadersArriveAsGiven) {
    auto made = request("POST", "/", "b");
    made.headers = {{"Host", "other.example"}, {"X-One", "1"}, {"X-Empty", ""}, {"Content-Type", "text/x"}};
    const auto answer = send(endpoint(), made);
    ASSERT_TRUE(answer);
    EXPECT_EQ(header(*answer, "Got-Host"), "other.example");
    EXPECT_EQ(header(*answer, "Got-X-One"), "1");
    EXPECT_EQ(header(*answer, "Got-X-Empty"), "");
    EXPECT_EQ(header(*answer, "Got-Content-Type"), "text/x");
    EXPECT_EQ(header(*answer, "Got-Expect"), "(none)");
    const auto bare = send(endpoint(), request("POST", "/", "b"));
    ASSERT_TRUE(bare);
    EXPECT_EQ(header(*bare, "Got-Content-Type"), "(none)");
}

TEST_F(Client, HeadHasNoBody) {
    const auto answer = send(endpoint(), request("HEAD", "/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "");
}

TEST_F(Client, AnyStatusIsAnAnswer) {
    const auto answer = send(endpoint(), request("POST", "/missing", "why"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 404);
    EXPECT_EQ(answer->body, "why");
    const auto streamed = receive_stream(endpoint(), request("POST", "/missing", "why"), [](std::string_view) {
        ADD_FAILURE();
        return true;
    });
    ASSERT_TRUE(streamed);
    EXPECT_EQ(streamed->status, 404);
    EXPECT_EQ(streamed->body, "why");
}

TEST_F(Client, ConnectionsAreReused) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(send(endpoint(), request("POST", "/", "b")));
    EXPECT_NE(metrics_.render().find("\"} 1\n"), std::string::npos) << metrics_.render();
}

TEST_F(Client, ConnectionsAreReusedByOtherThreads) {
    for (int i = 0; i < 5; ++i)
        std::thread([&] { EXPECT_TRUE(send(endpoint(), OutgoingRequest{"PUT", "/", {}, "b"})); }).join();
    EXPECT_NE(metrics_.render().find("\"} 1\n"), std::string::npos) << metrics_.render();
}

TEST_F(Client, ABodyIsSentFromWhereItLies) {
    const std::string all = "before|the body|after";
    const auto answer =
        send(endpoint(), OutgoingRequest{"PUT", "/", {{"X-One", "1"}}, std::string_view(all).substr(7, 8)});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "the body");
    EXPECT_EQ(header(*answer, "Got-X-One"), "1");
    EXPECT_EQ(send(endpoint(), OutgoingRequest{"PUT", "/", {}, {}})->body, "");
}

TEST_F(Client, Errors) {
    const auto nobody = send("http://127.0.0.1:1", request("GET", "/"));
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, Code::unavailable);
    for (const char* endpoint : {"", "ftp://a", "127.0.0.1:80", "http://", "http://a b/"}) {
        const auto answer = send(endpoint, request("GET", "/"));
        ASSERT_FALSE(answer) << endpoint;
        EXPECT_EQ(answer.error().code, Code::invalid) << endpoint << " " << answer.error().message;
    }
}

/// A server that never answers.
class SilentServer : public testing::Test {
protected:
    void SetUp() override {
        auto started = HttpServer::start(
            {},
            [this](Request, std::unique_ptr<Responder> responder) {
                std::lock_guard lock(mutex_);
                held_.push_back(std::move(responder));
            },
            {}, metrics_);
        ASSERT_TRUE(started);
        server_ = std::move(*started);
    }

    /// How long the call took before it failed.
    std::chrono::milliseconds fails(const ClientOptions& options) {
        Request request;
        request.method = "GET";
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = send("http://127.0.0.1:" + std::to_string(server_->port()), request, options);
        EXPECT_EQ(answer ? Code::internal : answer.error().code, Code::unavailable);
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    }

    Metrics metrics_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Responder>> held_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(SilentServer, EndsAtTheTimeOut) {
    ClientOptions options;
    options.timeout = std::chrono::milliseconds(30);
    EXPECT_LT(fails(options), std::chrono::seconds(10));
}

TEST_F(SilentServer, EndsWhenNothingComesForLong) {
    ClientOptions options;
    options.silence_timeout = std::chrono::seconds(1);
    const auto took = fails(options);
    EXPECT_GT(took, std::chrono::milliseconds(900));
    EXPECT_LT(took, std::chrono::seconds(10));
}

TEST_F(SilentServer, EndsWhenItIsCancelled) {
    std::atomic<bool> cancel = false;
    ClientOptions options;
    options.cancel = &cancel;
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        cancel = true;
    });
    EXPECT_LT(fails(options), std::chrono::seconds(10));
    other.join();
    EXPECT_LT(fails(options), std::chrono::seconds(1)) << "nor does another one begin";
}

}  // namespace
}  // namespace cairn::net
