#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "client.h"
#include "net/http_server.h"

namespace cairn::net {
namespace {

using std::chrono::milliseconds;

/// Pieces "a", "b" ... of `piece_bytes` each, given by a thread of their own or at once.
class Letters final : public BodyPieces {
public:
    Letters(std::size_t piece_bytes, std::size_t total, bool at_once, std::atomic<int>* given = nullptr)
        : piece_bytes_(piece_bytes), left_(total), at_once_(at_once), given_(given) {}
    ~Letters() override {
        for (auto& thread : threads_) thread.join();
    }

    void next(Take take) override {
        const auto size = std::min(piece_bytes_, left_);
        left_ -= size;
        if (given_) ++*given_;
        std::string piece(size, letter_++);
        if (at_once_) return take(std::move(piece));
        threads_.emplace_back([take = std::move(take), piece = std::move(piece)]() mutable { take(std::move(piece)); });
    }

private:
    const std::size_t piece_bytes_;
    std::size_t left_;
    const bool at_once_;
    std::atomic<int>* const given_;
    char letter_ = 'a';
    std::vector<std::thread> threads_;
};

struct Serving {
    explicit Serving(std::function<Response()> answer, ServerOptions options = {}) {
        auto started = HttpServer::start(
            std::move(options),
            [answer = std::move(answer)](Request, std::unique_ptr<Responder> responder) { responder->send(answer()); },
            {}, metrics);
        EXPECT_TRUE(started);
        server = std::move(*started);
    }
    RawClient ask(std::string_view method = "GET") const {
        RawClient client(server->port());
        client.send(std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
        return client;
    }
    Metrics metrics;
    std::unique_ptr<HttpServer> server;
};

Response of(std::string first, std::size_t whole, std::shared_ptr<BodyPieces> rest) {
    return {.status = 200, .headers = {}, .body = std::move(first), .content_length = whole, .rest = std::move(rest)};
}

TEST(BodyPieces, FollowTheFirstPartAndTheConnectionStaysOpen) {
    for (const bool at_once : {true, false}) {
        Serving serving([&] { return of("first", 12, std::make_shared<Letters>(3, 7, at_once)); });
        auto client = serving.ask();
        for (int i = 0; i < 2; ++i) {
            EXPECT_EQ(client.read_answer().body, "firstaaabbbc");
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        Serving bare([&] { return of("", 4, std::make_shared<Letters>(2, 4, at_once)); });
        EXPECT_EQ(bare.ask().read_answer().body, "aabb");
    }
}

TEST(BodyPieces, HeadDoesNotAskForThem) {
    std::atomic<int> given = 0;
    Serving serving([&] { return of("", 7, std::make_shared<Letters>(3, 7, true, &given)); });
    auto client = serving.ask("HEAD");
    const auto answer = client.read_answer(false);
    EXPECT_NE(answer.head.find("Content-Length: 7\r\n"), std::string::npos);
    client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer(false).status, 200);
    EXPECT_EQ(given, 0);
}

TEST(BodyPieces, OneThatIsEmptyOrTooLongBreaksTheAnswerOff) {
    Serving empty([] { return of("first", 20, std::make_shared<Letters>(3, 7, false)); });
    EXPECT_TRUE(empty.ask().read_all().ends_with("\r\n\r\nfirstaaabbbc"));
    Serving too_long([] { return of("first", 10, std::make_shared<Letters>(3, 9, false)); });
    EXPECT_TRUE(too_long.ask().read_all().ends_with("\r\n\r\nfirstaaa"));
}

TEST(BodyPieces, NoneIsAskedForBeforeTheClientTakesWhatCame) {
    constexpr std::size_t piece = 64 * 1024, whole = 256u << 20;
    std::atomic<int> given = 0;
    Serving serving([&] { return of("", whole, std::make_shared<Letters>(piece, whole, true, &given)); });
    auto client = serving.ask();
    client.read_until("\r\n\r\n");
    for (int before = -1; before != given; std::this_thread::sleep_for(milliseconds(200))) before = given;
    EXPECT_LT(given * piece, whole / 4) << "what the sockets hold";
    client.close();
}

TEST(BodyPieces, OneServerThreadServesOthersWhileAClientIsSlow) {
    ServerOptions options;
    options.threads = 1;
    Serving serving([] { return of("", 64u << 20, std::make_shared<Letters>(1 << 16, 64u << 20, true)); }, options);
    auto slow = serving.ask();
    slow.read_until("\r\n\r\n");
    EXPECT_EQ(serving.ask().read_answer().body.size(), 64u << 20);
}

TEST(BodyPieces, AClientThatTakesNothingIsLeft) {
    ServerOptions options;
    options.body_timeout = milliseconds(100);
    auto pieces = std::make_shared<Letters>(1 << 16, 256u << 20, true);
    const std::weak_ptr<BodyPieces> held = pieces;
    Serving serving([pieces = std::move(pieces),
                     once = false]() mutable { return of("", 256u << 20, std::exchange(pieces, nullptr)); },
                    options);
    auto client = serving.ask();
    while (!held.expired()) std::this_thread::sleep_for(milliseconds(1));
    EXPECT_LT(client.read_all().size(), 256u << 20);
}

TEST(BodyPieces, StopDoesNotWaitForThemLongerThanItsGrace) {
    Serving serving([] { return of("", 256u << 20, std::make_shared<Letters>(1 << 16, 256u << 20, false)); });
    auto client = serving.ask();
    client.read_until("\r\n\r\n");
    serving.server->stop(milliseconds(50));
    EXPECT_LT(client.read_all().size(), 256u << 20);
}

}  // namespace
}  // namespace cairn::net
