#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace cairn::support {

/// An HTTP server on loopback that misbehaves as it is told to: what a proper library would not send, this one does.
class FaultServer {
public:
    struct Request {
        std::string method, target, head, body;

        std::string header(std::string name) const {
            name = "\r\n" + name + ": ";
            const auto at = head.find(name);
            if (at == std::string::npos) return {};
            const auto begin = at + name.size();
            return head.substr(begin, head.find("\r\n", begin) - begin);
        }
    };

    /// The one who asked.
    class Peer {
    public:
        explicit Peer(int socket, const std::atomic<bool>& stop) : socket_(socket), stop_(stop) {}

        void send(std::string_view bytes) {
            while (!bytes.empty()) {
                const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (sent <= 0) return;
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
        void answer(int status, std::string_view body = {}, const std::string& headers = {}) {
            send("HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n" + headers + "\r\n" + std::string(body));
        }
        void error(int status, const std::string& code) {
            answer(status, "<Error><Code>" + code + "</Code><Message>as told</Message></Error>");
        }

        /// Promises `promised` bytes, sends fewer and closes in order.
        void cut(std::string_view body, std::size_t promised) {
            send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(promised) + "\r\n\r\n" + std::string(body));
            close_ = true;
        }
        /// Ends the connection as a crash does.
        void reset() {
            const linger now{1, 0};
            ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
            close_ = true;
        }
        /// Says nothing more until the server ends or the other side closes.
        void hang() {
            while (!stop_) {
                pollfd wait{socket_, POLLIN, 0};
                char byte;
                if (::poll(&wait, 1, 20) > 0 && ::recv(socket_, &byte, 1, MSG_PEEK) <= 0) break;
            }
            close_ = true;
        }
        bool closed() const { return close_; }

    private:
        const int socket_;
        const std::atomic<bool>& stop_;
        bool close_ = false;
    };

    /// Called for each request with its number from 0, on a thread of its connection.
    using Script = std::function<void(int number, const Request& request, Peer& peer)>;

    explicit FaultServer(Script script)
        : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CAIRN_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        CAIRN_CHECK(::listen(listener_, 64) == 0);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { accept(); });
    }
    ~FaultServer() {
        stop_ = true;
        thread_.join();
        for (auto& connection : connections_) connection.join();
        ::close(listener_);
    }
    FaultServer(const FaultServer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    std::vector<Request> requests() {
        std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void accept() {
        while (!stop_) {
            pollfd wait{listener_, POLLIN, 0};
            if (::poll(&wait, 1, 20) <= 0) continue;
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket >= 0) connections_.emplace_back([this, socket] { serve(socket); });
        }
    }

    bool fill(int socket, std::string& buffer) {
        while (!stop_) {
            pollfd wait{socket, POLLIN, 0};
            if (::poll(&wait, 1, 20) <= 0) continue;
            char bytes[16 * 1024];
            const auto got = ::recv(socket, bytes, sizeof bytes, 0);
            if (got <= 0) return false;
            buffer.append(bytes, static_cast<std::size_t>(got));
            return true;
        }
        return false;
    }

    void serve(int socket) {
        std::string buffer;
        for (;;) {
            Request request;
            while (buffer.find("\r\n\r\n") == std::string::npos)
                if (!fill(socket, buffer)) return void(::close(socket));
            request.head = buffer.substr(0, buffer.find("\r\n\r\n") + 2);
            buffer.erase(0, request.head.size() + 2);
            const auto length = std::strtoul(request.header("Content-Length").c_str(), nullptr, 10);
            while (buffer.size() < length)
                if (!fill(socket, buffer)) return void(::close(socket));
            request.body = buffer.substr(0, length);
            buffer.erase(0, length);
            const auto space = request.head.find(' ');
            request.method = request.head.substr(0, space);
            request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
            int number = 0;
            {
                std::lock_guard lock(mutex_);
                number = static_cast<int>(requests_.size());
                requests_.push_back(request);
            }
            Peer peer(socket, stop_);
            script_(number, request, peer);
            if (peer.closed()) return void(::close(socket));
        }
    }

    const Script script_;
    const int listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;
    std::vector<Request> requests_;  // guarded by mutex_
    std::list<std::thread> connections_;
    std::thread thread_;
};

}  // namespace cairn::support
