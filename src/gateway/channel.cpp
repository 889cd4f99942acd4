#include "gateway/channel.h"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace cairn::gateway {

namespace {

using Outcome = net::Transport::Outcome;

constexpr std::size_t small_bytes = 16 * 1024;       // copied to wait for what follows
constexpr std::size_t kept_buffer_bytes = 4 * 1024;  // of a channel with nothing to send

}  // namespace

Channel::Channel(EventLoop& loop, int socket, net::Transport transport, ChannelOwner* owner)
    : loop_(loop), socket_(socket), transport_(std::move(transport)), owner_(owner) {
    shaken_ = !transport_.encrypted();
    loop_.watch(socket_, *this);
}

Channel::~Channel() { ::close(socket_); }

void Channel::ready(std::uint32_t events) {
    if ((events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0) hung_up_ = true;
    readable_ = readable_ || (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
    writable_ = writable_ || (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    if (transport_.encrypted()) readable_ = writable_ = true;  // either may wait for the other
    if (owner_ != nullptr) owner_->channel_ready();
}

bool Channel::handshake() {
    if (shaken_ || broken_) return shaken_;
    const auto outcome = transport_.handshake();
    if (outcome == Outcome::done) {
        shaken_ = readable_ = writable_ = true;
    } else if (outcome == Outcome::end || outcome == Outcome::broken) {
        broken_ = true;
    }
    return shaken_;
}

void Channel::encrypt(const net::TlsContext& tls) {
    transport_ = net::Transport(socket_, tls);
    shaken_ = false;
    readable_ = writable_ = true;
}

std::size_t Channel::read(char* to, std::size_t size_max) {
    if (!readable()) return 0;
    const auto moved = transport_.read(to, size_max);
    switch (moved.outcome) {
        case Outcome::done:
            // A socket that gave less than asked for is empty, and tells when it is not any more.
            if (!transport_.encrypted() && moved.size < size_max && !hung_up_) readable_ = false;
            return moved.size;
        case Outcome::end: ended_ = true; return 0;
        case Outcome::broken: ended_ = broken_ = true; return 0;
        default: readable_ = false; return 0;
    }
}

void Channel::put(std::string_view bytes) {
    if (broken_ || bytes.empty()) return;
    if (!writable_ || pending_.size() + bytes.size() <= small_bytes)
        pending_.append(bytes);
    else
        push(bytes);
}

void Channel::flush() {
    if (writable_ && !broken_) push({});
}

void Channel::push(std::string_view more) {
    for (;;) {
        auto first = std::string_view(pending_).substr(sent_);
        if (first.empty() && more.empty()) break;
        const auto moved = transport_.write(first, more);
        if (moved.outcome == Outcome::done) {
            bytes_sent_ += moved.size;
            const auto of_first = std::min(moved.size, first.size());
            sent_ += of_first;
            more.remove_prefix(moved.size - of_first);
            continue;
        }
        if (moved.outcome == Outcome::broken || moved.outcome == Outcome::end) {
            broken_ = true;
            more = {};
            sent_ = pending_.size();
            break;
        }
        writable_ = false;
        pending_.erase(0, std::exchange(sent_, 0));
        pending_.append(more);
        return;
    }
    sent_ = 0;
    pending_.clear();
    if (pending_.capacity() > kept_buffer_bytes) pending_.shrink_to_fit();
}

}  // namespace cairn::gateway
