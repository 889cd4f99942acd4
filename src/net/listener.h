#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace cairn::net {

/// Takes in connections on one address, with a thread of its own.
class Listener {
public:
    /// What happens to an accepted socket (non-blocking, without delay) and the numeric address of its peer.
    using Take = std::function<void(int socket, std::string peer_address)>;

    /// Binds and listens; nothing is accepted before run(). Error: unavailable, naming the address.
    static Result<std::unique_ptr<Listener>> open(const std::string& host, std::uint16_t port);

    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    std::uint16_t port() const { return port_; }
    void run(Take take);

    /// No connection is taken in after this. Blocks until the thread has ended; may be called again.
    void stop();

private:
    Listener(int socket, int wake, std::uint16_t port) : socket_(socket), wake_(wake), port_(port) {}

    void accept_all();

    int socket_;
    int wake_;  // an eventfd: readable once stop() was called
    std::uint16_t port_;
    Take take_;
    std::thread thread_;
};

/// Raises the soft limit of open files for that many connections and `others`, as far as the hard limit allows. Logs a
/// warning when not even the connections fit.
void allow_open_files(std::size_t connections, std::size_t others);

}  // namespace cairn::net
