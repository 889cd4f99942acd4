#include "gateway/exchange.h"

#include <utility>

#include "gateway/classified_call.h"

namespace cairn::gateway {

namespace {

using std::chrono::milliseconds;

constexpr int rounds_max = 8;  // of a full buffer, before others come first

BodyScanner body_of(const net::Framing& framing) {
    if (framing.chunked) return BodyScanner(BodyScanner::Framing::chunked);
    if (framing.content_length > 0) return BodyScanner(BodyScanner::Framing::sized, framing.content_length);
    return BodyScanner(BodyScanner::Framing::none);
}

}  // namespace

Time Exchange::wall_clock() { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }

Exchange::Exchange(Start start, EventLoop& loop, LinkPool& pool, Channel& client, std::string& unread, Shared& shared,
                   ChannelOwner& owner)
    : loop_(loop),
      pool_(pool),
      client_(client),
      unread_(unread),
      shared_(shared),
      owner_(owner),
      upstream_(start.upstream),
      upstream_alive_(start.upstream.shared_from_this()),
      request_(std::move(start.request)),
      method_(request_.method),
      framing_(start.framing),
      upgrade_(start.upgrade),
      client_timeout_(start.client_timeout),
      forwarded_head_(std::move(start.forwarded_head)),
      request_body_(body_of(framing_)),
      began_(wall_clock()),
      began_at_(loop.now()),
      moved_(loop.now()) {}

Exchange::~Exchange() { drop_link(); }

void Exchange::begin() {
    if (shared_.mode != Mode::observe && !shared_.recorder.accepting()) {
        shared_.not_recordable.add();
        return refuse({503, "spool_full", "the call cannot be recorded now, and is not made"});
    }
    const bool body_needed = needs_body(request_);
    if (!body_needed) classified();
    const auto limits = shared_.recorder.limits(request_, classified_ ? &*classified_ : nullptr, nullptr);
    const bool too_long = !framing_.chunked && framing_.content_length > limits.request_bytes_max;
    request_copy_.begin(shared_.copies, too_long ? limits.request_first_bytes : limits.request_bytes_max,
                        limits.request_first_bytes);
    request_body_.copy_to(&request_copy_);
    body_shown_ = !too_long && limits.request_bytes_max > 0;
    request_done_ = request_body_.done();
    if (shared_.mode == Mode::intent) return close_gate(body_needed, limits);
    take_link();
}

void Exchange::take_link() {
    link_ = pool_.take(upstream_);
    if (!link_) return connect(0);
    link_->user = this;
    sent_before_ = link_->channel.bytes_sent();
}

/// To the first address from `place` on that lets itself be tried.
void Exchange::connect(std::size_t place) {
    drop_link();
    head_sent_ = false;
    const auto count = upstream_.addresses().size();
    for (place_ = place; place_ < count && !link_; ++place_) link_ = Link::connect(loop_, upstream_, place_);
    if (!link_) {
        const Refusal refusal{502, "upstream_unreachable", "the service behind the gateway cannot be reached"};
        if (maybe_made_) return fail_call(refusal, Outcome::reset, upstream_.unreachable);
        upstream_.unreachable.add();
        return refuse(refusal);
    }
    link_->user = this;
    sent_before_ = 0;
}

bool Exchange::advance() {
    bool any = false;
    for (int round = 0; state_ == State::running; ++round) {
        if (round == rounds_max) {
            loop_.again(shared_from_this(), [this] {
                if (!quit_) owner_.channel_ready();
            });
            break;
        }
        bool moved = tunnel_ ? pump_tunnel() : pump_request();
        if (state_ == State::running && !tunnel_) moved |= pump_answer();
        if (link_) link_->channel.flush();
        client_.flush();
        if (moved) moved_ = loop_.now();
        any |= moved;
        finish_if_done();
        if (!moved) break;
    }
    return any;
}

// ---- the end

void Exchange::give_link_back() {
    if (!link_ || !request_done_) return;
    if (answer_ && answer_->keep_alive && answer_in_.empty() && !upgrade_ && !link_->channel.blocked()) {
        link_->user = nullptr;
        pool_.give(std::exchange(link_, nullptr));
    } else {
        drop_link();
    }
}

void Exchange::drop_link() {
    if (!link_) return;
    link_->user = nullptr;
    loop_.bury(std::exchange(link_, nullptr));
}

void Exchange::finish_if_done() {
    if (state_ != State::running || !answer_done_) return;
    if (!recorded_ && awaits_request()) return;
    if (hold_ == Hold::gathering) submit(Outcome::answered);
    if (hold_ != Hold::open) return;
    // A client that sends on although it has its answer is listened to, as long as the upstream does.
    if (!request_done_ && link_ && !close_) return;
    if (!recorded_) submit(Outcome::answered);
    upstream_.received_bytes.add(request_body_.data_bytes());
    upstream_.sent_bytes.add(answer_body_.data_bytes());
    upstream_.seconds.observe(std::chrono::duration<double>(loop_.now() - began_at_).count());
    give_link_back();
    drop_link();
    state_ = abort_ ? State::aborted : close_ || !request_done_ ? State::closing : State::done;
}

void Exchange::refuse(const Refusal& refusal) {
    drop_link();
    client_.put(refusal_text(refusal));
    state_ = State::closing;
}

std::string Exchange::refusal_text(const Refusal& refusal) {
    return refusal_answer(recorded_ ? error_form_ : error_form(classified()), refusal, method_ == "HEAD");
}

void Exchange::quit() {
    if (std::exchange(quit_, true)) return;
    drop_link();
    held_.take();
    // Of a call that has an answer, or whose request was whole, there is an effect to tell of.
    if (!recorded_ && !head_under_way_ && (answer_ || maybe_made_ || (request_done_ && head_sent_))) {
        hold_ = Hold::open;
        submit(answer_ ? Outcome::cut : Outcome::reset);
    } else if (!recorded_ && event_id_) {
        shared_.recorder.forget(*event_id_);
    }
    state_ = State::closing;
}

// ---- time

void Exchange::tick(Moment now) {
    if (state_ != State::running || hold_ == Hold::recording || gate_ == Gate::writing) return;
    if (hold_ == Hold::gathering) {
        if (now >= hold_until_) gathered();
        return;
    }
    if (streaming_ && now >= record_by_) submit(Outcome::answered);
    const auto silent = now - moved_;
    const auto& times = upstream_.options;
    if (link_ && link_->state() == Link::State::connecting) {
        if (now - link_->since < times.connect_timeout) return;
        connect(place_);
        return;
    }
    if (framing_.expects_continue && !continued_ && !answer_ && !request_done_ && times.continue_timeout.count() > 0 &&
        silent >= times.continue_timeout)
        return say_continue();
    const bool waits_for_client =
        client_.blocked() || (!request_done_ && (gate_ == Gate::gathering || (link_ && !link_->channel.blocked())));
    if (silent < (waits_for_client && !tunnel_ ? client_timeout_ : times.silence_timeout)) return;
    if (tunnel_ || answer_) return cut();
    if (!request_done_ && waits_for_client) {
        upstream_.gone_clients.add();
        return refuse({408, "request_timeout", "the request did not come to its end in time"});
    }
    fail_call({504, "upstream_timeout", "the service behind the gateway gave no answer in time"}, Outcome::timed_out,
              upstream_.time_outs);
}

// ---- after 101

bool Exchange::pump_tunnel() {
    if (!link_ || hold_ != Hold::open) return false;
    bool moved = false;
    if (!answer_in_.empty()) {
        client_.put(std::exchange(answer_in_, {}));
        moved = true;
    }
    if (!unread_.empty()) {
        link_->channel.put(std::exchange(unread_, {}));
        moved = true;
    }
    while (!link_->channel.blocked()) {
        const auto got = client_.read(loop_.scratch(), EventLoop::scratch_bytes);
        if (got == 0) break;
        link_->channel.put({loop_.scratch(), got});
        moved = true;
    }
    while (!client_.blocked()) {
        const auto got = link_->channel.read(loop_.scratch(), EventLoop::scratch_bytes);
        if (got == 0) break;
        client_.put({loop_.scratch(), got});
        moved = true;
    }
    link_->channel.flush();
    client_.flush();
    const bool over = client_.broken() || link_->channel.broken() || (client_.ended() && !link_->channel.blocked()) ||
                      (link_->channel.ended() && !client_.blocked());
    if (!over) return moved;
    drop_link();
    close_ = answer_done_ = true;
    return moved;
}

}  // namespace cairn::gateway
