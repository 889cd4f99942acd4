#include "net/listener.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

namespace cairn::net {

namespace {

constexpr int backlog = 4096;
constexpr int pause_without_files_ms = 50;

struct Addresses {
    addrinfo* first = nullptr;
    ~Addresses() {
        if (first != nullptr) ::freeaddrinfo(first);
    }
};

int bind_and_listen(const addrinfo& address) {
    const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return -1;
    const int on = 1, off = 0;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ai_family == AF_INET6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket, backlog) == 0) return socket;
    const int reason = errno;
    ::close(socket);
    errno = reason;
    return -1;
}

std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

std::string numeric(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
    else if (address.ss_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
    const std::string_view whole(text), mapped("::ffff:");
    const bool is_mapped = whole.starts_with(mapped) && whole.find('.') != std::string_view::npos;
    return std::string(is_mapped ? whole.substr(mapped.size()) : whole);
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    Addresses addresses;
    const int found =
        ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &addresses.first);
    if (found != 0)
        return fail(Code::unavailable, fmt::format("cannot listen on {}:{}: {}", host, port, ::gai_strerror(found)));

    int socket = -1;
    for (const auto* at = addresses.first; at != nullptr && socket < 0; at = at->ai_next) socket = bind_and_listen(*at);
    if (socket < 0)
        return fail(Code::unavailable, fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(errno)));
    const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) {
        ::close(socket);
        return fail(Code::unavailable, fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(errno)));
    }
    return std::unique_ptr<Listener>(new Listener(socket, wake, port_of(socket)));
}

Listener::~Listener() {
    stop();
    ::close(wake_);
}

void Listener::run(Take take) {
    CAIRN_CHECK(!thread_.joinable() && socket_ >= 0);
    take_ = std::move(take);
    thread_ = std::thread([this] {
        pollfd waits[2] = {{socket_, POLLIN, 0}, {wake_, POLLIN, 0}};
        while ((waits[1].revents & POLLIN) == 0) {
            if (::poll(waits, 2, -1) > 0 && (waits[0].revents & POLLIN) != 0) accept_all();
        }
    });
}

void Listener::accept_all() {
    for (;;) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        const int socket = ::accept4(socket_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            take_(socket, numeric(peer));
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            log_warning("cannot accept a connection", {{"reason", std::strerror(errno)}});
            pollfd wait{wake_, POLLIN, 0};
            ::poll(&wait, 1, pause_without_files_ms);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINVAL || errno == EBADF) {
            return;
        }
        // anything else concerns the one connection only, which its peer has given up
    }
}

void Listener::stop() {
    const std::uint64_t one = 1;
    if (thread_.joinable()) {
        CAIRN_CHECK(::write(wake_, &one, sizeof one) == sizeof one);
        thread_.join();
    }
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void allow_open_files(std::size_t connections, std::size_t others) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= connections + others) return;
    limit.rlim_cur = std::min<rlim_t>(connections + others, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < connections)
        log_warning("fewer connections than configured are possible: open files are limited",
                    {{"connections", connections}, {"files", static_cast<unsigned long>(limit.rlim_cur)}});
}

}  // namespace cairn::net
