// What a session does at the door of a forward proxy, before its client speaks with a server.

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "gateway/proxy_request.h"
#include "gateway/session.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t peeked_bytes_max = 64 * 1024;
constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr char tls_handshake_record = 0x16;  // RFC 8446 section 5.1, ContentType

ssize_t peek(int socket, char* to, std::size_t size_max) {
    return ::recv(socket, to, size_max, MSG_PEEK | MSG_DONTWAIT);
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

/// No byte behind the head is taken off the socket: it may be the begin of TLS.
bool Session::read_more_of_head() {
    const auto peeked = peek(client_.socket(), loop_.scratch(), peeked_bytes_max);
    if (peeked < 0 && would_block()) return false;
    if (peeked <= 0) return end(), false;
    const auto had = unread_.size();
    unread_.append(loop_.scratch(), static_cast<std::size_t>(peeked));
    if (const auto size = net::find_head_end(unread_, had); size != std::string::npos) unread_.resize(size);
    const auto taken = static_cast<ssize_t>(unread_.size() - had);
    if (::recv(client_.socket(), loop_.scratch(), static_cast<std::size_t>(taken), MSG_DONTWAIT) != taken)
        return end(), false;
    return true;
}

void Session::begin_connect(std::string_view head) {
    const auto& forward = *reception_.forward;
    const auto place = read_connect(head);
    if (!place) return refuse(place.error().status, place.error().text);
    if (forward.authority.covers(place->host)) {
        if (!unread_.empty()) return refuse(400, "nothing may be sent before a CONNECT is answered");
        forward.intercepted.add();
        inside_ = *place;
        client_.put(established);
        return enter(Phase::established);
    }
    if (!forward.options.tunnel_others)
        return refuse(403, "this proxy takes calls to intercepted hosts only", "host_refused");
    look_up(*place, false);
}

/// TLS or a request: nothing else gets to an intercepted host, since it could not be recorded.
bool Session::look_at_first_byte() {
    client_.flush();
    if (client_.broken()) return end(), false;
    if (!client_.sent_all()) return false;
    char byte;
    const auto peeked = peek(client_.socket(), &byte, 1);
    if (peeked < 0 && would_block()) return false;
    if (peeked <= 0) return end(), false;
    inside_->tls = byte == tls_handshake_record;
    if (!inside_->tls) return enter(Phase::idle), true;
    const auto context = reception_.forward->authority.context(inside_->host);
    if (!context) return end(), false;
    client_.encrypt(*context);
    enter(Phase::handshake);
    return true;
}

void Session::begin_relayed(Accepted accepted) {
    const auto& forward = *reception_.forward;
    if (inside_) {
        // Records say by the Host which service it was.
        const auto host = read_place(accepted.request.find("host"), inside_->port);
        if (!host || host->host != inside_->host) return refuse(421, "the Host of a call is that of its CONNECT");
        waiting_ = std::move(accepted);
        return look_up(*inside_, true);
    }
    auto relayed = read_relayed(accepted.head);
    if (!relayed) return refuse(relayed.error().status, relayed.error().text);
    const bool recorded = forward.authority.covers(relayed->place.host);
    if (!recorded && !forward.options.tunnel_others)
        return refuse(403, "this proxy takes calls to intercepted hosts only", "host_refused");
    accepted.head = std::move(relayed->head);
    waiting_ = std::move(accepted);
    look_up(relayed->place, recorded);
}

/// Goes on with go_to() at once, or when the name is resolved.
void Session::look_up(const Place& place, bool recorded) {
    enter(Phase::looking_up);
    recorded_ = recorded;
    auto& hosts = reception_.forward->hosts;
    const HostUpstreams::Asked asked{place, recorded};
    if (auto known = hosts.find(asked)) return go_to(std::move(known));
    hosts.look_up(asked, [weak = weak_from_this(), loop = loop_.shared_from_this()](std::shared_ptr<Upstream> found) {
        loop->post([weak, found = std::move(found)]() mutable {
            const auto self = weak.lock();
            if (!self || self->phase_ != Phase::looking_up) return;
            self->go_to(std::move(found));
            self->channel_ready();
        });
    });
}

void Session::go_to(std::shared_ptr<Upstream> upstream) {
    const auto& forward = *reception_.forward;
    if (!upstream) return refuse(503, "too many names are being looked up", "too_many_names");
    if (upstream->only_local())
        return refuse(403, "this proxy does not connect to addresses of its own machine and link", "host_refused");
    if (waiting_) {
        auto accepted = *std::exchange(waiting_, std::nullopt);
        return start_exchange(std::move(accepted), *upstream, recorded_ ? reception_.shared : forward.unrecorded);
    }
    if (forward.open_tunnels.load() >= forward.options.tunnels_max)
        return refuse(503, "there are too many tunnels", "too_many_tunnels");
    forward.tunnels.add();
    tunnel_ = std::make_shared<Tunnel>(
        loop_, std::move(upstream), client_, unread_, forward.open_tunnels,
        Tunnel::Rules{forward.options.tunnel_idle_timeout, forward.sent_bytes, forward.received_bytes}, *this);
    enter(Phase::tunnel);
    tunnel_->begin();
}

bool Session::go_on_with_tunnel() {
    tunnel_->advance();
    switch (tunnel_->state()) {
        case Tunnel::State::connecting:
        case Tunnel::State::open: return false;
        case Tunnel::State::unreachable: refuse(502, "the host cannot be reached", "upstream_unreachable"); return true;
        case Tunnel::State::over: end(); return false;
        case Tunnel::State::broken: break_off(); return false;
    }
    return false;
}

}  // namespace cairn::gateway
