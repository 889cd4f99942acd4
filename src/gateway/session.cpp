#include "gateway/session.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

#include "gateway/classified_call.h"
#include "gateway/forwarded_head.h"
#include "gateway/head_lines.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t request_line_bytes_max = 16 * 1024, head_bytes_max = 64 * 1024, headers_max = 200;
constexpr std::size_t lingering_bytes_max = 256u << 20;
constexpr std::chrono::milliseconds lingering{2'000};
constexpr std::chrono::milliseconds drain_timeout{2'000};  // for heads that are still coming when a service drains
constexpr std::size_t kept_buffer_bytes = 4 * 1024;

std::string without_port(std::string_view host) {
    const auto colon = host.rfind(':');
    const bool port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    return std::string(port ? host.substr(0, colon) : host);
}

bool gives_length_twice(const net::Request& request) {
    return std::ranges::count_if(request.headers, [](const auto& header) {
               return net::equal_names(header.first, "content-length");
           }) > 1;
}

}  // namespace

Session::Session(EventLoop& loop, LinkPool& pool, Reception& reception, int socket, std::string peer,
                 const net::TlsContext& tls, std::function<void(Session&)> ended)
    : loop_(loop),
      pool_(pool),
      reception_(reception),
      client_(loop, socket, net::Transport(socket, tls), this),
      peer_(std::move(peer)),
      ended_(std::move(ended)) {
    enter(reception_.options.proxy_protocol && reception_.trusted.trusts(peer_) ? Phase::proxy_header
                                                                                : Phase::handshake);
    loop_.add_timed(*this);
}

Session::~Session() {
    if (exchange_) exchange_->quit();
    if (tunnel_) tunnel_->quit();
    loop_.remove_timed(*this);
}

void Session::enter(Phase phase) {
    phase_ = phase;
    since_ = loop_.now();
}

void Session::channel_ready() {
    if (std::exchange(stepping_, true)) {
        again_ = true;
        return;
    }
    do {
        again_ = false;
        // The end of an answer may wait here although its call is over.
        if (phase_ != Phase::proxy_header && phase_ != Phase::handshake) client_.flush();
        while (phase_ != Phase::ended && step()) {
        }
    } while (std::exchange(again_, false) && phase_ != Phase::ended);
    stepping_ = false;
}

/// True when another step may get further.
bool Session::step() {
    switch (phase_) {
        case Phase::proxy_header: return read_proxy();
        case Phase::handshake: return shake_hands();
        case Phase::idle:
        case Phase::head: return read_head();
        case Phase::established: return look_at_first_byte();
        case Phase::looking_up: return false;
        case Phase::call: return go_on_with_call();
        case Phase::tunnel: return go_on_with_tunnel();
        case Phase::lingering: return linger();
        case Phase::ended: return false;
    }
    return false;
}

bool Session::shake_hands() {
    if (client_.handshake()) {
        enter(Phase::idle);
        return true;
    }
    if (client_.broken()) end();
    return false;
}

bool Session::read_more() {
    if (is_proxy()) return read_more_of_head();
    const auto got = client_.read(loop_.scratch(), head_bytes_max);
    unread_.append(loop_.scratch(), got);
    if (got == 0 && (client_.ended() || client_.broken())) end();
    return got > 0;
}

/// The header comes before TLS: it is read off the socket as it is, and no byte beyond it.
bool Session::read_proxy() {
    const auto peeked = ::recv(client_.socket(), loop_.scratch(), head_bytes_max, MSG_PEEK | MSG_DONTWAIT);
    if (peeked == 0) end();
    if (peeked <= 0) return false;
    const auto header = read_proxy_header({loop_.scratch(), static_cast<std::size_t>(peeked)});
    if (!header) {
        reception_.refused.add();
        end();
        return false;
    }
    if (!*header) return false;
    if (::recv(client_.socket(), loop_.scratch(), (*header)->size, MSG_DONTWAIT) !=
        static_cast<ssize_t>((*header)->size))
        return end(), false;
    if (!(*header)->source.empty()) peer_ = (*header)->source;
    enter(Phase::handshake);
    return true;
}

bool Session::read_head() {
    while (searched_ == 0 && unread_.starts_with("\r\n")) unread_.erase(0, 2);
    if (unread_.empty() || unread_ == "\r") {
        if (last_) return end(), false;
        if (read_more()) return true;
        if (phase_ != Phase::ended && reception_.draining.load(std::memory_order_relaxed)) end();
        return false;
    }
    if (phase_ == Phase::idle) enter(Phase::head);
    if (!net::may_begin_request(unread_)) return refuse(400, "this is not an HTTP request"), true;
    const auto size = net::find_head_end(unread_, searched_);
    if (std::min(unread_.find('\n'), unread_.size()) > request_line_bytes_max)
        return refuse(431, "the request line is too long"), true;
    if (std::min(size, unread_.size()) > head_bytes_max)
        return refuse(431, "the head of the request is too long"), true;
    if (size == std::string::npos) {
        searched_ = unread_.size();
        return read_more();
    }
    const auto buffer = std::exchange(unread_, {});
    searched_ = 0;
    unread_.assign(buffer, size);
    const auto head = std::string_view(buffer).substr(0, size);
    if (is_proxy() && head.starts_with("CONNECT "))
        begin_connect(head);
    else
        begin_call(head);
    return true;
}

void Session::begin_call(std::string_view head) {
    net::Request request;
    auto framing = net::parse_head(head, request);
    if (!framing) return refuse(framing.error().status, framing.error().text);
    if (request.headers.size() > headers_max) return refuse(431, "too many header fields");
    if (gives_length_twice(request)) return refuse(400, "Content-Length given twice");

    request.tls = client_.transport().encrypted();
    request.tls_version = client_.transport().tls_version();
    request.tls_cipher = client_.transport().tls_cipher();
    request.peer_address = reception_.trusted.trusts(peer_) ? reception_.trusted.origin(peer_, request) : peer_;
    if (reception_.forward != nullptr) return begin_relayed({std::move(request), *framing, std::string(head)});
    const bool by_service =
        std::ranges::any_of(reception_.options.routes, [](const Route& route) { return !route.scope_service.empty(); });
    auto* const upstream = reception_.route({without_port(request.find("host")), client_.transport().server_name(),
                                             by_service ? scope_service(request) : std::string()});
    if (upstream == nullptr) return refuse(421, "there is no route for this host and service");
    start_exchange({std::move(request), *framing, std::string(head)}, *upstream, reception_.shared);
}

void Session::start_exchange(Accepted accepted, Upstream& upstream, Shared& shared) {
    auto& [request, framing, head] = accepted;
    if (reception_.draining.load(std::memory_order_relaxed)) framing.keep_alive = false;

    RequestChanges changes;
    changes.upgrade = !request.find("upgrade").empty() && has_item(request.find("connection"), "upgrade");
    if (upstream.options.forward_client_ip) {
        changes.drop_forwarded_for = !reception_.trusted.trusts(peer_);
        changes.forwarded_for = peer_;
    }
    auto forwarded = forwarded_request_head(head, changes);
    last_ = !framing.keep_alive;
    enter(Phase::call);
    exchange_ = std::make_shared<Exchange>(Exchange::Start{std::move(request), framing, std::move(forwarded), upstream,
                                                           changes.upgrade, reception_.options.client_timeout},
                                           loop_, pool_, client_, unread_, shared, *this);
    exchange_->begin();
}

bool Session::go_on_with_call() {
    exchange_->advance();
    switch (exchange_->state()) {
        case Exchange::State::running: return false;
        case Exchange::State::done:
            exchange_->quit();
            exchange_.reset();
            if (unread_.capacity() > kept_buffer_bytes) unread_.shrink_to_fit();
            enter(Phase::idle);
            return true;
        case Exchange::State::closing: close(); return true;
        case Exchange::State::aborted: break_off(); return false;
    }
    return false;
}

/// Ends in a way that nobody takes for the end of what was sent.
void Session::break_off() {
    const ::linger now{1, 0};
    ::setsockopt(client_.socket(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    end();
}

void Session::refuse(int status, const char* text, const char* reason) {
    reception_.refused.add();
    client_.put(refusal_answer(ErrorForm::plain, {status, reason, text}, false));
    close();
}

void Session::close() {
    if (exchange_) exchange_->quit();
    exchange_.reset();
    if (tunnel_) tunnel_->quit();
    client_.flush();
    enter(Phase::lingering);
}

/// The peer is told that nothing more comes, and what it still sends is thrown away: a socket closed with unread bytes
/// would take the answer back.
bool Session::linger() {
    client_.flush();
    if (client_.broken()) return end(), false;
    if (client_.blocked()) return false;
    if (lingered_ == 0) client_.finish();
    const auto got = client_.transport().discard(loop_.scratch(), EventLoop::scratch_bytes);
    lingered_ += 1 + got.size;
    if (got.outcome == net::Transport::Outcome::done && lingered_ < lingering_bytes_max) return true;
    if (got.outcome != net::Transport::Outcome::wait_read) end();
    return false;
}

void Session::end() {
    if (phase_ == Phase::ended) return;
    if (exchange_) exchange_->quit();
    if (tunnel_) tunnel_->quit();
    enter(Phase::ended);
    client_.set_owner(nullptr);
    loop_.bury(shared_from_this());
    ended_(*this);
}

std::chrono::milliseconds Session::head_patience() const {
    const auto patience = reception_.options.head_timeout;
    return reception_.draining.load(std::memory_order_relaxed) ? std::min(patience, drain_timeout) : patience;
}

void Session::tick(Moment now) {
    if (phase_ == Phase::ended) return;
    const auto waited = now - since_;
    switch (phase_) {
        case Phase::proxy_header:
        case Phase::handshake:
        case Phase::established:
            if (waited > head_patience()) end();
            return;
        case Phase::idle:
            if (waited > reception_.options.idle_timeout) end();
            return;
        case Phase::head:
            if (waited <= head_patience()) return;
            refuse(408, "the head of the request did not come to its end in time");
            break;
        case Phase::looking_up:
            if (waited > reception_.options.head_timeout)
                refuse(504, "the name of the host was not found in time", "upstream_timeout");
            break;
        case Phase::call: exchange_->tick(now); break;
        case Phase::tunnel: tunnel_->tick(now); break;
        case Phase::lingering:
            if (waited > lingering) return end();
            break;
        case Phase::ended: return;
    }
    channel_ready();
}

}  // namespace cairn::gateway
