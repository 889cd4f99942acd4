#pragma once

#include <cstddef>
#include <memory>

#include "gateway/body_scanner.h"
#include "gateway/channel.h"

namespace cairn::gateway {

/// The way of a long body that nobody here looks at: from socket to socket through a pipe of the kernel (splice(2)), so
/// that its bytes are never copied into this process.
class BodySplice {
public:
    /// Of shorter bodies it costs more than it saves.
    static constexpr std::size_t body_bytes_min = 512 * 1024;

    /// Null when there is no pipe to be had: the bytes are read and sent as others are.
    static std::unique_ptr<BodySplice> open();

    ~BodySplice();
    BodySplice(const BodySplice&) = delete;
    BodySplice& operator=(const BodySplice&) = delete;

    /// Moves what can be moved now of `body`, which is sized, between two channels without TLS. Returns how many bytes
    /// were taken or given; 0: nothing moves until one of the channels is ready.
    std::size_t move(Channel& from, Channel& to, BodyScanner& body);

    /// Is everything that was taken given on?
    bool empty() const { return waiting_ == 0; }

private:
    BodySplice(int out, int in) : out_(out), in_(in) {}

    const int out_, in_;  // of the pipe
    std::size_t waiting_ = 0;
};

}  // namespace cairn::gateway
