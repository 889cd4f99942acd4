#include <utility>

#include "gateway/exchange.h"

/// The request of a call on its way to the upstream.
namespace cairn::gateway {

namespace {

constexpr std::size_t replay_bytes_max = 64 * 1024;

}  // namespace

bool Exchange::pump_request() {
    if (gate_ != Gate::open) return pump_gate();
    if (!link_) {
        // The upstream has gone before the request was whole: what still comes is read, so that the client gets to
        // reading the answer, and the record to what the call was.
        if (request_done_ || !answer_) return false;
        if (unread_.empty()) unread_.assign(loop_.scratch(), client_.read(loop_.scratch(), EventLoop::scratch_bytes));
        const auto buffer = std::exchange(unread_, {});
        std::string_view bytes = buffer;
        while (!bytes.empty() && !request_done_ && !request_body_.broken()) {
            request_body_.next(bytes);
            request_done_ = request_body_.done();
        }
        if (request_done_) unread_.assign(bytes);
        return !buffer.empty();
    }
    if (const auto state = link_->state(); state != Link::State::open) {
        if (state == Link::State::failed) {
            connect(place_);
            return state_ == State::running;
        }
        return false;
    }
    bool moved = false;
    if (!std::exchange(head_sent_, true)) {
        link_->channel.put(forwarded_head_);
        link_->channel.put(replay_);
        moved = true;
    }
    while (!request_done_ && !link_->channel.blocked() && state_ == State::running) {
        if (!unread_.empty()) {
            const auto buffer = std::exchange(unread_, {});
            std::string_view bytes = buffer;
            if (!take_request_bytes(bytes)) return true;
            unread_.assign(bytes);
            moved = true;
            continue;
        }
        const auto wanted =
            request_body_.framing() == BodyScanner::Framing::sized
                ? static_cast<std::size_t>(std::min<std::uint64_t>(request_body_.left(), EventLoop::scratch_bytes))
                : EventLoop::scratch_bytes;
        const auto got = client_.read(loop_.scratch(), wanted);
        if (got == 0) break;
        std::string_view bytes(loop_.scratch(), got);
        if (!take_request_bytes(bytes)) return true;
        unread_.assign(bytes);
        moved = true;
        if (got >= EventLoop::scratch_bytes / 2) break;  // the answer's turn
    }
    client_left();
    return moved;
}

bool Exchange::take_request_bytes(std::string_view& bytes) {
    while (!bytes.empty() && !request_done_) {
        const auto piece = request_body_.next(bytes);
        if (request_body_.broken()) {
            drop_link();
            refuse({400, "malformed_body", "the chunks of the request are malformed"});
            return false;
        }
        pass_on(piece);
        request_done_ = request_body_.done();
    }
    return true;
}

void Exchange::pass_on(std::string_view piece) {
    if (gate_ != Gate::open) {
        replay_.append(piece);
        return;
    }
    link_->channel.put(piece);
    if (replayable_ && replay_.size() + piece.size() <= replay_bytes_max && link_->reused) {
        replay_.append(piece);
    } else if (replayable_) {
        replayable_ = false;
        replay_ = {};
    }
}

/// Before its request was whole.
bool Exchange::client_left() {
    if (request_done_ || (!client_.ended() && !client_.broken())) return false;
    upstream_.gone_clients.add();
    quit();
    return true;
}

/// Said in the place of an upstream that does not: some clients wait a second for it.
void Exchange::say_continue() {
    continued_ = true;
    client_.put("HTTP/1.1 100 Continue\r\n\r\n");
    client_.flush();
}

}  // namespace cairn::gateway
