#include "net/http_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/listener.h"
#include "net/loop.h"

namespace cairn::net {

namespace {

constexpr std::size_t other_files = 1024;  // what the rest of the process may have open

class LoopServer final : public HttpServer {
public:
    LoopServer(std::shared_ptr<ServerState> state, std::unique_ptr<Listener> listener)
        : state_(std::move(state)), listener_(std::move(listener)) {
        for (int i = 0; i < state_->options.threads; ++i) loops_.push_back(Loop::start(state_));
        listener_->run([this](int socket, std::string peer) { take(socket, std::move(peer)); });
    }

    ~LoopServer() override { stop(std::chrono::milliseconds(0)); }

    std::uint16_t port() const override { return listener_->port(); }

    Result<void> reload_tls() override {
        if (state_->options.tls.certificate.empty()) return {};
        auto context = load_tls(state_->options.tls);
        if (!context) return fail(std::move(context).error());
        state_->set_tls(std::move(*context));
        return {};
    }

    void stop(std::chrono::milliseconds grace) override {
        if (std::exchange(stopped_, true)) return;
        state_->draining = true;
        listener_->stop();
        for (const auto& loop : loops_) loop->drain();
        state_->wait_until_empty(grace);
        for (const auto& loop : loops_) loop->stop();
    }

private:
    void take(int socket, std::string peer) {
        if (state_->connections() >= state_->options.connections_max) return turn_away(socket);
        (*std::ranges::min_element(loops_, {}, [](const auto& loop) {
            return loop->connections();
        }))->add(socket, std::move(peer));
    }

    void turn_away(int socket) {
        static constexpr std::string_view answer =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 21\r\nConnection: "
            "close\r\n\r\n"
            "too many connections\n";
        if (state_->options.tls.certificate.empty())
            ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        state_->requests(503).add();
        ::close(socket);
    }

    std::shared_ptr<ServerState> state_;
    std::unique_ptr<Listener> listener_;
    std::vector<std::shared_ptr<Loop>> loops_;
    bool stopped_ = false;
};

}  // namespace

Response plain_refusal(const Request&, int status, std::string_view text) {
    return {status, {{"Content-Type", "text/plain"}}, std::string(text) + "\n"};
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options, Handler handler, BodyLimit body_limit,
                                                      Metrics& metrics) {
    CAIRN_CHECK(options.threads > 0 && options.refusal && handler);
    auto listener = Listener::open(options.host, options.port);
    if (!listener) return fail(std::move(listener).error());
    allow_open_files(options.connections_max, other_files);

    const auto state =
        std::make_shared<ServerState>(std::move(options), std::move(handler), std::move(body_limit), metrics);
    if (!state->options.tls.certificate.empty()) {
        auto context = load_tls(state->options.tls);
        if (!context) return fail(std::move(context).error());
        state->set_tls(std::move(*context));
    }
    state->show_connections(metrics, fmt::format("{}:{}", state->options.host, (*listener)->port()));
    return std::make_unique<LoopServer>(state, std::move(*listener));
}

}  // namespace cairn::net
