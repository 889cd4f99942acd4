#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "gateway/peer.h"
#include "gateway/tunnel.h"
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
    const Forward* forward = nullptr;                    ///< of a forward proxy, which has no `route`
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
    enum class Phase {
        handshake,
        proxy_header,
        idle,
        head,
        looking_up,   ///< of a forward proxy: the place of a call or tunnel
        established,  ///< likewise: what a client begins with behind its CONNECT to an intercepted host
        call,
        tunnel,
        lingering,
        ended
    };

    /// A request whose head was accepted.
    struct Accepted {
        net::Request request;
        net::Framing framing;
        std::string head;
    };

    bool step();
    bool shake_hands();
    bool read_more();
    bool read_proxy();
    bool read_head();
    void begin_call(std::string_view head);
    void start_exchange(Accepted accepted, Upstream& upstream, Shared& shared);
    bool go_on_with_call();
    void refuse(int status, const char* text, const char* reason = "request_refused");
    void close();
    void break_off();
    bool linger();
    void enter(Phase phase);
    std::chrono::milliseconds head_patience() const;

    // of a forward proxy: forward_session.cpp
    bool is_proxy() const { return reception_.forward != nullptr && !inside_; }
    bool read_more_of_head();
    void begin_connect(std::string_view head);
    bool look_at_first_byte();
    void begin_relayed(Accepted accepted);
    void look_up(const Place& place, bool recorded);
    void go_to(std::shared_ptr<Upstream> upstream);
    bool go_on_with_tunnel();

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
    std::optional<Place> inside_;      // the intercepted host that all requests from here on go to
    std::optional<Accepted> waiting_;  // for its upstream
    bool recorded_ = false;            // what waits
    std::shared_ptr<Tunnel> tunnel_;
    bool last_ = false;  // no further request is taken
    bool stepping_ = false, again_ = false;
    std::size_t lingered_ = 0;
};

}  // namespace cairn::gateway
