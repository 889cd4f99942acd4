#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/http.h"

namespace cairn::net {

/// What a handler has written to a stream and the connection has not sent yet. Members may be called from any thread.
class StreamQueue {
public:
    static constexpr std::size_t waiting_bytes_max = 4u << 20;

    /// `wake` makes the connection look again; it is called without a lock, at most once between two calls of take().
    explicit StreamQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

    // the handler's side
    bool write(std::string_view bytes);
    void close();
    bool closed() const;
    std::size_t waiting_bytes() const;

    // the connection's side
    /// Everything that waits. It counts against the limit until the next call.
    std::string take();
    bool drained() const;  ///< closed, and nothing waits
    void peer_gone();      ///< drops what waits; writes fail from now on

private:
    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::string waiting_;  // guarded by mutex_, as all below
    std::size_t in_flight_bytes_ = 0;
    bool woken_ = false, closed_ = false;
};

/// The handler's end of `queue`; letting go of it closes the stream.
std::shared_ptr<Stream> make_stream(std::shared_ptr<StreamQueue> queue);

}  // namespace cairn::net
