#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "gateway/exchange.h"
#include "gateway/peer.h"
#include "gateway/upstream.h"

namespace cairn::gateway {

/// What chooses the upstream of a call.
struct Destination {
    std::string host;  ///< of the request, without port
    std::string sni;   ///< that the TLS client asked for
    std::string scope_service;
};

/// What the sessions of one listener share; outlives them.
struct Reception {
    Shared& shared;
    const TrustedProxies& trusted;
    std::function<Upstream*(const Destination&)> route;  ///< null: there is no way
    const ListenerOptions& options;                      ///< its times and whether a PROXY header comes first
    std::atomic<bool>& draining;                         ///< every answer is the last one of its connection
    Counter& refused;                                    ///< requests answered 4xx by the gateway itself
};

/// One client's connection: request after request. Lives on the thread of its loop.
class Session final : public ChannelOwner, public Timed, public std::enable_shared_from_this<Session> {
public:
    /// `ended` is told once, when the connection is over; the session may be let go then.
    Session(EventLoop& loop, LinkPool& pool, Reception& reception, int socket, std::string peer,
            const net::TlsContext& tls, std::function<void(Session&)> ended);
    ~Session() override;

    void channel_ready() override;
    void tick(Moment now) override;

    bool idle() const { return phase_ == Phase::idle; }
    void end();

private:
    enum class Phase { handshake, proxy_header, idle, head, call, lingering, ended };

    bool step();
    bool shake_hands();
    bool read_more();
    bool read_proxy();
    bool read_head();
    void begin_call(std::string_view head);
    bool go_on_with_call();
    void refuse(int status, const char* text);
    void close();
    bool linger();
    void enter(Phase phase);

    EventLoop& loop_;
    LinkPool& pool_;
    Reception& reception_;
    Channel client_;
    std::string peer_;
    const std::function<void(Session&)> ended_;

    Phase phase_;
    Moment since_{};            // of the phase
    std::string unread_;        // received ahead of use
    std::size_t searched_ = 0;  // of unread_, for the end of a head
    std::shared_ptr<Exchange> exchange_;
    bool last_ = false;  // no further request is taken
    bool stepping_ = false, again_ = false;
    std::size_t lingered_ = 0;
};

}  // namespace cairn::gateway
