#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace cairn::net {

/// A plain socket to a server on this machine, for bytes that no proper client would send.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~RawClient() { close(); }
    RawClient(RawClient&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_), buffer_(std::move(other.buffer_)) {}

    bool connected() const { return connected_; }
    int socket() const { return socket_; }

    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

    void finish() { ::shutdown(socket_, SHUT_WR); }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Everything up to and with `end`; less when the server closes or is silent for ten seconds.
    std::string read_until(std::string_view end) {
        while (buffer_.find(end) == std::string::npos && fill()) {
        }
        const auto at = buffer_.find(end);
        return take(at == std::string::npos ? buffer_.size() : at + end.size());
    }

    std::string read_bytes(std::size_t size) {
        while (buffer_.size() < size && fill()) {
        }
        return take(std::min(size, buffer_.size()));
    }

    std::string read_all() {
        while (fill()) {
        }
        return take(buffer_.size());
    }

    struct Answer {
        int status = 0;
        std::string head, body;
    };

    /// One answer with Content-Length, or without a body.
    Answer read_answer(bool with_body = true) {
        Answer answer;
        answer.head = read_until("\r\n\r\n");
        if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
        const auto at = answer.head.find("Content-Length: ");
        if (at != std::string::npos && with_body)
            answer.body = read_bytes(std::strtoul(answer.head.c_str() + at + 16, nullptr, 10));
        return answer;
    }

    bool closed_by_server() { return !fill() && buffer_.empty(); }

private:
    bool fill() {
        pollfd wait{socket_, POLLIN, 0};
        if (::poll(&wait, 1, 10'000) <= 0) return false;
        char bytes[16 * 1024];
        const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }

    std::string take(std::size_t size) {
        auto taken = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return taken;
    }

    int socket_;
    bool connected_ = false;
    std::string buffer_;
};

}  // namespace cairn::net
