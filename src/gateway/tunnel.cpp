#include "gateway/tunnel.h"

#include <algorithm>
#include <utility>

namespace cairn::gateway {

namespace {

constexpr int rounds_max = 8;  // of a full buffer, before others come first
constexpr std::chrono::milliseconds half_closed_timeout{60'000};
constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";

}  // namespace

Tunnel::Tunnel(EventLoop& loop, std::shared_ptr<Upstream> to, Channel& client, std::string& unread,
               std::atomic<std::size_t>& open, Rules rules, ChannelOwner& owner)
    : loop_(loop),
      upstream_(std::move(to)),
      client_(client),
      unread_(unread),
      open_(open),
      rules_(rules),
      owner_(owner),
      moved_(loop.now()) {
    open_.fetch_add(1);
}

Tunnel::~Tunnel() {
    drop_link();
    open_.fetch_sub(1);
}

void Tunnel::begin() { connect(0); }

/// To the first address from `place` on that lets itself be tried.
void Tunnel::connect(std::size_t place) {
    drop_link();
    const auto count = upstream_->addresses().size();
    for (place_ = place; place_ < count && !link_; ++place_) link_ = Link::connect(loop_, *upstream_, place_);
    if (link_) {
        link_->user = this;
    } else {
        upstream_->unreachable.add();
        state_ = State::unreachable;
    }
}

bool Tunnel::advance() {
    bool any = false;
    for (int round = 0; state_ == State::connecting || state_ == State::open; ++round) {
        if (round == rounds_max) {
            loop_.again(shared_from_this(), [this] {
                if (!quit_) owner_.channel_ready();
            });
            break;
        }
        const bool was_connecting = state_ == State::connecting;
        if (was_connecting && !wait_for_link()) break;
        if (state_ != State::open) continue;
        const bool there = pump(client_, link_->channel, link_finished_, rules_.sent_bytes);
        const bool back = pump(link_->channel, client_, client_finished_, rules_.received_bytes);
        if (client_.broken() || link_->channel.broken())
            state_ = State::broken;
        else if (client_finished_ && link_finished_)
            state_ = State::over;
        if (!there && !back && !was_connecting) break;
        any = true;
    }
    return any;
}

/// True when it has come to something.
bool Tunnel::wait_for_link() {
    switch (link_->state()) {
        case Link::State::connecting: return false;
        case Link::State::failed: connect(place_); return true;
        case Link::State::open: break;
    }
    state_ = State::open;
    moved_ = loop_.now();
    client_.put(established);
    link_->channel.put(std::exchange(unread_, {}));
    return true;
}

bool Tunnel::pump(Channel& from, Channel& to, bool& finished, Counter& bytes) {
    std::size_t got = 0;
    if (!to.blocked()) got = from.read(loop_.scratch(), EventLoop::scratch_bytes);
    if (got > 0) {
        to.put({loop_.scratch(), got});
        bytes.add(got);
    }
    to.flush();
    if (!finished && from.ended() && !from.broken() && to.sent_all()) {
        to.finish();
        finished = true;
        return true;
    }
    return got > 0;
}

void Tunnel::drop_link() {
    if (!link_) return;
    link_->user = nullptr;
    loop_.bury(std::exchange(link_, nullptr));
}

void Tunnel::quit() {
    quit_ = true;
    drop_link();
}

void Tunnel::tick(Moment now) {
    if (state_ == State::connecting) {
        if (now - link_->since >= upstream_->options.connect_timeout) connect(place_);
        return;
    }
    if (state_ != State::open) return;
    if (const auto sent = client_.bytes_sent() + link_->channel.bytes_sent(); sent != bytes_sent_) {
        bytes_sent_ = sent;
        moved_ = now;
        return;
    }
    const bool half_closed = client_finished_ || link_finished_;
    const auto patience = half_closed ? std::min(rules_.idle_timeout, half_closed_timeout) : rules_.idle_timeout;
    if (now - moved_ >= patience) state_ = State::over;
}

}  // namespace cairn::gateway
