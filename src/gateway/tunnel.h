#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "gateway/channel.h"
#include "gateway/upstream.h"

namespace cairn::gateway {

/// The bytes of a client that asked for a connection, and those that come back, as they are. Neither side is read while
/// the other does not take what was read before, and each may end its half by itself. Lives on the thread of its loop.
class Tunnel final : public ChannelOwner, public std::enable_shared_from_this<Tunnel> {
public:
    struct Rules {
        std::chrono::milliseconds idle_timeout;  ///< without a byte in either direction
        Counter &sent_bytes, &received_bytes;    ///< to the server and from it
    };

    /// Counts itself in `open` while it lives. `unread` holds what the client sent already. `owner` is told when
    /// advance() is worth a call. All of them outlive the tunnel, or see quit() first.
    Tunnel(EventLoop& loop, std::shared_ptr<Upstream> to, Channel& client, std::string& unread,
           std::atomic<std::size_t>& open, Rules rules, ChannelOwner& owner);
    ~Tunnel() override;

    void begin();

    /// Moves what can move. True when something did.
    bool advance();

    enum class State {
        connecting,
        open,
        unreachable,  ///< there is no connection to be had; the client was told nothing yet
        over,         ///< both sides have ended, and all is sent; or nothing happened for too long
        broken        ///< one side has ended in the middle
    };
    State state() const { return state_; }

    /// Ends it now.
    void quit();

    void tick(Moment now);
    void channel_ready() override { owner_.channel_ready(); }

private:
    bool wait_for_link();
    void connect(std::size_t place);
    bool pump(Channel& from, Channel& to, bool& finished, Counter& bytes);
    void drop_link();

    EventLoop& loop_;
    const std::shared_ptr<Upstream> upstream_;
    Channel& client_;
    std::string& unread_;
    std::atomic<std::size_t>& open_;
    const Rules rules_;
    ChannelOwner& owner_;

    std::shared_ptr<Link> link_;
    std::size_t place_ = 0;  // of the upstream's addresses
    State state_ = State::connecting;
    bool client_finished_ = false, link_finished_ = false;  // each was told that nothing more comes
    std::uint64_t bytes_sent_ = 0;                          // by both channels, when something last moved
    Moment moved_{};
    bool quit_ = false;
};

}  // namespace cairn::gateway
