#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::gateway {

/// One connection to an origin: bytes as they come, and bytes that no proper server would send.
class Peer {
public:
    explicit Peer(int socket) : socket_(socket) {}
    ~Peer() { close(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    /// Up to and with `end`; less when the other side ends first, or is silent for five seconds.
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
    std::string read_head() { return read_until("\r\n\r\n"); }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Did the other side end, with nothing unread before it?
    bool ended() { return buffer_.empty() && !fill(); }

    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }
    void reset() {
        const ::linger now{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }

private:
    bool fill() {
        pollfd wait{socket_, POLLIN, 0};
        if (::poll(&wait, 1, 5'000) <= 0) return false;
        char bytes[64 * 1024];
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
    std::string buffer_;
};

/// A server that does what its test says, in a thread for each connection.
class Origin {
public:
    using Serve = std::function<void(Peer&)>;

    explicit Origin(Serve serve) : serve_(std::move(serve)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(socket_, 128);
        socklen_t size = sizeof address;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept(); });
    }
    ~Origin() {
        end();
        ::close(socket_);
    }

    /// Waits until nothing is served any more.
    void end() {
        ::shutdown(socket_, SHUT_RDWR);
        if (acceptor_.joinable()) acceptor_.join();
        for (auto& thread : std::exchange(threads_, {})) thread.join();
    }

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int connections() const { return connections_; }

    /// Refuses connections from now on.
    void stop_listening() { ::shutdown(socket_, SHUT_RDWR); }

private:
    void accept() {
        for (;;) {
            const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            ++connections_;
            threads_.emplace_back([this, socket] {
                Peer peer(socket);
                serve_(peer);
            });
        }
    }

    const Serve serve_;
    int socket_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::thread acceptor_;
    std::vector<std::thread> threads_;
};

}  // namespace cairn::gateway
