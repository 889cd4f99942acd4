#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "client.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/stream_queue.h"

namespace cairn::net {
namespace {

using std::chrono::milliseconds;

/// A server whose streams the test holds.
class Streaming : public testing::Test {
protected:
    void SetUp() override {
        auto started = HttpServer::start(
            {},
            [this](Request, std::unique_ptr<Responder> responder) {
                auto opened = responder->stream({200, {{"Content-Type", "text/event-stream"}}, ""});
                std::lock_guard lock(mutex_);
                stream_ = std::move(opened);
                came_.notify_all();
            },
            {}, metrics_);
        ASSERT_TRUE(started);
        server_ = std::move(*started);
    }

    std::shared_ptr<Stream> stream() {
        std::unique_lock lock(mutex_);
        came_.wait(lock, [&] { return stream_ != nullptr; });
        return std::exchange(stream_, nullptr);
    }

    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

    Metrics metrics_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::shared_ptr<Stream> stream_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(Streaming, BytesArriveAsTheyAreWritten) {
    RawClient client(server_->port());
    client.send("GET /tail HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto stream = this->stream();
    EXPECT_NE(client.read_until("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
    for (const char* text : {"one", "two"}) {
        EXPECT_TRUE(stream->write(text));
        EXPECT_EQ(client.read_until("\r\n" + std::string(text) + "\r\n"), "3\r\n" + std::string(text) + "\r\n");
    }
    stream->close();
    EXPECT_TRUE(stream->closed());
    EXPECT_FALSE(stream->write("late"));
    EXPECT_EQ(client.read_all(), "0\r\n\r\n");
}

TEST_F(Streaming, OldClientsGetPlainBytes) {
    RawClient client(server_->port());
    client.send("GET /tail HTTP/1.0\r\n\r\n");
    auto stream = this->stream();
    stream->write("one");
    stream.reset();  // letting go closes
    const auto all = client.read_all();
    EXPECT_EQ(all.find("chunked"), std::string::npos);
    EXPECT_TRUE(all.ends_with("\r\n\r\none")) << all;
}

TEST_F(Streaming, AGoneClientIsNoticed) {
    RawClient client(server_->port());
    client.send("GET /tail HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto stream = this->stream();
    client.read_until("\r\n\r\n");
    EXPECT_FALSE(stream->closed());
    client.close();
    while (!stream->closed()) std::this_thread::yield();
    EXPECT_FALSE(stream->write("to nobody"));
}

TEST_F(Streaming, AClientThatDoesNotReadHitsTheLimit) {
    RawClient client(server_->port());
    client.send("GET /tail HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto stream = this->stream();
    const std::string text(100'000, 'x');
    std::size_t written = 0;
    while (stream->write(text) && written < (std::size_t{1} << 30)) written += text.size();
    EXPECT_LT(written, std::size_t{1} << 30);
    EXPECT_GE(written + text.size(), StreamQueue::waiting_bytes_max);
}

TEST(StreamQueue, TakesAnyPieceWhenNothingWaits) {
    StreamQueue queue([] {});
    EXPECT_EQ(queue.waiting_bytes(), 0u);
    EXPECT_TRUE(queue.write(std::string(StreamQueue::waiting_bytes_max + 1, 'x')));
    EXPECT_EQ(queue.waiting_bytes(), StreamQueue::waiting_bytes_max + 1);
    EXPECT_FALSE(queue.write("y"));
    EXPECT_EQ(queue.take().size(), StreamQueue::waiting_bytes_max + 1);
    EXPECT_GT(queue.waiting_bytes(), 0u);  // on its way
    EXPECT_TRUE(queue.take().empty());
    EXPECT_EQ(queue.waiting_bytes(), 0u);
}

TEST_F(Streaming, HeadGetsTheHeadOnly) {
    RawClient client(server_->port());
    client.send("HEAD /tail HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto stream = this->stream();
    EXPECT_TRUE(client.read_all().ends_with("\r\n\r\n"));
    while (!stream->closed()) std::this_thread::yield();
}

TEST_F(Streaming, StopClosesStreams) {
    RawClient client(server_->port());
    client.send("GET /tail HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto stream = this->stream();
    stream->write("before");
    client.read_until("\r\n\r\n");
    std::thread stopping([&] { server_->stop(milliseconds(10'000)); });
    EXPECT_EQ(client.read_all(), "6\r\nbefore\r\n0\r\n\r\n");
    client.close();
    stopping.join();
    EXPECT_TRUE(stream->closed());
}

TEST_F(Streaming, ManyWritersAndTheClientSeeEveryByte) {
    std::thread writing([&] {
        const auto stream = this->stream();
        std::vector<std::thread> writers;
        for (int w = 0; w < 4; ++w)
            writers.emplace_back([&] {
                for (int i = 0; i < 1000; ++i)
                    while (!stream->write("0123456789") && !stream->closed()) std::this_thread::yield();
            });
        for (auto& writer : writers) writer.join();
        stream->close();
    });
    std::size_t bytes = 0;
    Request request;
    request.method = "GET";
    request.target = "/tail";
    const auto answer = receive_stream(endpoint(), request, [&](std::string_view part) {
        bytes += part.size();
        return true;
    });
    writing.join();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(bytes, 40'000u);
}

TEST_F(Streaming, TheClientMayStop) {
    std::thread writing([&] {
        const auto stream = this->stream();
        while (stream->write("line\n") || !stream->closed()) std::this_thread::yield();
    });
    Request request;
    request.method = "GET";
    request.target = "/tail";
    const auto answer = receive_stream(endpoint(), request, [](std::string_view) { return false; });
    writing.join();
    EXPECT_TRUE(answer);
}

}  // namespace
}  // namespace cairn::net
