#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/event_loop.h"
#include "net/transport.h"

namespace cairn::gateway {

/// Told when its channel can move on.
class ChannelOwner {
public:
    virtual ~ChannelOwner() = default;
    virtual void channel_ready() = 0;
};

/// One connected socket on an event loop, with the bytes that wait to be sent. Never blocks. Owns the socket.
class Channel final : public Watched {
public:
    /// `owner` outlives it, or is replaced.
    Channel(EventLoop& loop, int socket, net::Transport transport, ChannelOwner* owner);
    ~Channel() override;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    void set_owner(ChannelOwner* owner) { owner_ = owner; }

    /// Until done, before anything else, for a channel with TLS. False: not yet, or broken().
    bool handshake();

    /// From here on all is encrypted; handshake() comes next. Nothing waits to be sent, and nothing was read ahead.
    void encrypt(const net::TlsContext& tls);

    /// Takes bytes if there are any; sets ended() and broken(). 0: nothing now.
    std::size_t read(char* to, std::size_t size_max);

    /// Sends, or keeps what cannot be sent yet. Small pieces wait for flush(), so that they go together.
    void put(std::string_view bytes);
    void flush();

    bool blocked() const { return !writable_ && sent_ < pending_.size(); }  ///< what waits cannot be sent now
    bool sent_all() const { return sent_ == pending_.size(); }
    bool readable() const { return readable_ && !ended_ && !broken_; }
    bool ended() const { return ended_; }    ///< the peer will send nothing more
    bool broken() const { return broken_; }  ///< nothing can be sent any more
    std::uint64_t bytes_sent() const { return bytes_sent_; }

    /// Nothing more is sent after what waits; the peer is told.
    void finish() { transport_.finish(); }

    net::Transport& transport() { return transport_; }
    int socket() const { return socket_; }

    void ready(std::uint32_t events) override;

private:
    void push(std::string_view more);

    EventLoop& loop_;
    const int socket_;
    net::Transport transport_;
    ChannelOwner* owner_;
    std::string pending_;
    std::size_t sent_ = 0;  // of pending_
    std::uint64_t bytes_sent_ = 0;
    bool readable_ = true, writable_ = true, hung_up_ = false, ended_ = false, broken_ = false, shaken_ = false;
};

}  // namespace cairn::gateway
