// CPU of the HTTP server for one request, against the least that sockets cost (a bare epoll loop that reads the same
// bytes and answers without understanding them), both driven by wrk in the same run: bench_http [SECONDS]

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "net/http_server.h"

namespace {

using namespace cairn;

/// One thread. Knows the size of the bodies beforehand, copies nothing, checks nothing.
class BareLoop {
public:
    explicit BareLoop(std::size_t body_bytes)
        : body_bytes_(body_bytes),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 100) != 0)
            std::abort();
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        watch(listener_);
        thread_ = std::thread([this] { run(); });
    }
    ~BareLoop() {
        ended_ = true;
        thread_.join();
        ::close(listener_);
        ::close(epoll_);
    }

    std::uint16_t port() const { return port_; }
    std::uint64_t answered() const { return answered_; }

private:
    void watch(int socket) {
        epoll_event event{EPOLLIN, {.fd = socket}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }

    void run() {
        epoll_event events[64];
        while (!ended_) {
            const int count = ::epoll_wait(epoll_, events, 64, 50);
            for (int i = 0; i < count; ++i) events[i].data.fd == listener_ ? accept_one() : serve(events[i].data.fd);
        }
    }

    void accept_one() {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        left_[socket] = 0;
        watch(socket);
    }

    void serve(int socket) {
        static constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nrecorded";
        auto& left = left_[socket];
        const auto got = ::recv(socket, buffer_, sizeof buffer_, 0);
        if (got <= 0) {
            ::close(socket);
            return;
        }
        if (left == 0)
            left = std::string_view(buffer_, static_cast<std::size_t>(got)).find("\r\n\r\n") + 4 + body_bytes_;
        left -= std::min(left, static_cast<std::size_t>(got));
        if (left > 0) return;
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
        ++answered_;
    }

    std::size_t body_bytes_;
    int listener_, epoll_;
    std::uint16_t port_ = 0;
    std::atomic<bool> ended_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::unordered_map<int, std::size_t> left_;  // of the request that comes in, by socket
    char buffer_[256 * 1024];
    std::thread thread_;
};

double cpu_microseconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Load {
    const char* name;
    std::size_t body_bytes;
    int connections;
};

struct Measured {
    double per_second, cpu_each;
};

/// wrk runs as a process of its own: the CPU of this one is the server's.
template <class Answered>
Measured measure(std::uint16_t port, const Load& load, const std::string& folder, int seconds, Answered answered) {
    const auto script = folder + "/post.lua";
    std::ofstream(script) << "wrk.method = 'POST'\nwrk.body = string.rep('x', " << load.body_bytes << ")\n";
    const auto command = "wrk -t1 -c" + std::to_string(load.connections) + " -d" + std::to_string(seconds) + "s -s " +
                         script + " http://127.0.0.1:" + std::to_string(port) + "/sink > " + folder + "/wrk.txt";
    const auto cpu_before = cpu_microseconds();
    const auto before = answered();
    if (std::system(command.c_str()) != 0) std::exit(1);
    const auto requests = static_cast<double>(answered() - before);
    return {requests / seconds, (cpu_microseconds() - cpu_before) / requests};
}

}  // namespace

int main(int count, char** arguments) {
    const int seconds = count > 1 ? std::atoi(arguments[1]) : 3;
    char folder[] = "/tmp/cairn-bench-XXXXXX";
    if (::mkdtemp(folder) == nullptr) return 1;
    Metrics metrics;
    const auto server = net::HttpServer::start(
        {.threads = 1},
        [](net::Request, std::unique_ptr<net::Responder> responder) { responder->send({200, {}, "recorded"}); }, {},
        metrics);
    if (!server) return 1;
    auto& answered =
        metrics.counter("cairn_http_requests_total", "Requests answered, by class of status", {{"code", "2xx"}});
    for (const Load& load :
         {Load{"POST 1 KB", 1024, 16}, Load{"POST 100 KB", 100 * 1024, 8}, Load{"POST 1 MB", 1 << 20, 8}}) {
        const auto bare_loop = std::make_unique<BareLoop>(load.body_bytes);
        const auto bare = measure(bare_loop->port(), load, folder, seconds, [&] { return bare_loop->answered(); });
        const auto ours = measure((*server)->port(), load, folder, seconds, [&] { return answered.value(); });
        std::printf("%-12s %8.0f requests/s, %7.2f us CPU a request; bare epoll %7.2f us, ratio %.2f\n", load.name,
                    ours.per_second, ours.cpu_each, bare.cpu_each, ours.cpu_each / bare.cpu_each);
    }
    (*server)->stop(std::chrono::milliseconds(1000));
    std::filesystem::remove_all(folder);
}
