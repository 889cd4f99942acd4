#include "gateway/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "gateway/classified_call.h"
#include "gateway/forwarded_head.h"

namespace cairn::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t answer_head_bytes_max = 256 * 1024;
constexpr std::size_t replay_bytes_max = 64 * 1024;
constexpr std::size_t held_bytes_min = 64 * 1024;
constexpr milliseconds hold_patience{1'000};
constexpr int rounds_max = 8;  // of a full buffer, before others come first

/// RFC 9110 section 9.2.2: sent twice they have the effect of once.
bool is_idempotent(std::string_view method) {
    static constexpr std::array methods{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    return std::ranges::find(methods, method) != methods.end();
}

/// Answers whose pieces matter as they come.
bool is_stream(const AnswerHead& head) {
    const auto type = head.find("content-type");
    return type.starts_with("application/vnd.amazon.eventstream") || type.starts_with("text/event-stream");
}

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

// ---- the request

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
        if (goes_past()) {
            if (request_splice_->move(client_, link_->channel, request_body_) == 0) break;
            request_done_ = request_body_.done() && request_splice_->empty();
            moved = true;
            break;  // the answer's turn
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

/// Does the rest of the body go from socket to socket, for nobody here looks at it?
bool Exchange::goes_past() {
    if (request_splice_) return true;
    if (request_body_.framing() != BodyScanner::Framing::sized || request_body_.left() < BodySplice::body_bytes_min ||
        request_copy_.whole() || replayable_ || client_.transport().encrypted() ||
        link_->channel.transport().encrypted())
        return false;
    request_splice_ = BodySplice::open();
    return request_splice_ != nullptr;
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
    const bool whole = request_body_.done() && !client_.broken();  // its last bytes are on their way
    if (request_done_ || whole || (!client_.ended() && !client_.broken())) return false;
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

// ---- the answer

bool Exchange::pump_answer() {
    if (!link_ || !head_sent_ || hold_ == Hold::recording) return false;
    bool moved = false;
    while (link_ && !answer_ && state_ == State::running) {
        const auto got = link_->channel.read(loop_.scratch(), EventLoop::scratch_bytes);
        if (got > 0) {
            answer_in_.append(loop_.scratch(), got);
            moved = true;
            if (!read_answer_head()) return true;
            continue;
        }
        check_link();
        break;
    }
    if (!answer_ || tunnel_) return moved;
    if (!answer_in_.empty() && !answer_done_ && hold_ != Hold::recording && !client_.blocked()) {
        const auto buffer = std::exchange(answer_in_, {});
        std::string_view bytes = buffer;
        if (!relay_answer(bytes)) return true;
        if (!bytes.empty()) close_ = true, drop_link();  // more than the answer: nobody knows of what
        moved = true;
    }
    while (link_ && !answer_done_ && hold_ != Hold::recording && !client_.blocked() && state_ == State::running) {
        const auto got = link_->channel.read(loop_.scratch(), EventLoop::scratch_bytes);
        if (got == 0) {
            check_link();
            break;
        }
        std::string_view bytes(loop_.scratch(), got);
        if (!relay_answer(bytes)) return true;
        if (!bytes.empty()) drop_link();
        moved = true;
        if (got >= EventLoop::scratch_bytes / 2) break;  // what was read may go out first
    }
    if (client_.broken() && !answer_done_ && state_ == State::running) {
        cut();
        return moved;
    }
    if (hold_ == Hold::gathering && is_gathered()) gathered();
    if (answer_done_) give_link_back();
    return moved;
}

/// Parses heads in answer_in_: any number of 1xx, then the answer's. False when the call is over.
bool Exchange::read_answer_head() {
    for (;;) {
        const auto size = net::find_head_end(answer_in_, 0);
        if (size == std::string::npos && answer_in_.size() <= answer_head_bytes_max) return true;
        auto head = size == std::string::npos ? Result<AnswerHead>(fail(Code::invalid, "the head is too long"))
                                              : parse_answer_head(std::string_view(answer_in_).substr(0, size));
        if (!head) {
            log_warning("an upstream's answer is malformed",
                        {{"upstream", upstream_.options.name}, {"reason", head.error().message}});
            fail_call({502, "upstream_malformed", "the service behind the gateway gave a malformed answer"},
                      Outcome::reset, upstream_.resets);
            return false;
        }
        const auto raw = answer_in_.substr(0, size);
        answer_in_.erase(0, size);
        if (head->status == 101 && !upgrade_) {
            fail_call({502, "upstream_malformed", "the service behind the gateway gave a malformed answer"},
                      Outcome::reset, upstream_.resets);
            return false;
        }
        if (head->status >= 200 || head->status == 101) {
            take_answer_head(raw, std::move(*head));
            return true;
        }
        if (head->status == 100 && std::exchange(continued_, true)) continue;  // said already
        if (!framing_.http_1_0) client_.put(forwarded_answer_head(raw, {}));
    }
}

void Exchange::take_answer_head(std::string_view raw, AnswerHead head) {
    answer_ = std::move(head);
    answer_body_ = answer_->body(method_);
    const auto response = answer_->response();
    const auto limits = shared_.recorder.limits(request_, &classified(), &response);
    answer_copy_.begin(shared_.copies, limits.response_bytes_max);
    answer_body_.copy_to(&answer_copy_);
    answer_done_ = answer_body_.done();
    upstream_.calls(answer_->status).add();

    AnswerChanges changes;
    if (answer_->status == 101) {
        changes.upgrade = tunnel_ = true;
        answer_done_ = false;
    } else {
        const bool body_unsent = !request_done_ && framing_.expects_continue && !continued_;
        close_ = close_ || !framing_.keep_alive || framing_.http_1_0 || body_unsent ||
                 answer_body_.framing() == BodyScanner::Framing::until_close;
        changes.close = close_;
        if (framing_.http_1_0 && answer_->chunked) {
            changes.unframe = true;
            answer_body_.unframe();
        }
    }
    hold_until_ = loop_.now() + hold_patience;
    // What a call gave may be used by the next one: it is learned from before the client has it.
    if (shared_.mode != Mode::observe || (classified().operation && classified().operation.learns())) {
        hold_ = Hold::gathering;
        hold_bytes_max_ = std::max(held_bytes_min, limits.response_bytes_max);
    }
    release_or_hold(forwarded_answer_head(raw, changes));
    if (tunnel_) submit(Outcome::answered);
}

bool Exchange::relay_answer(std::string_view& bytes) {
    while (!bytes.empty() && !answer_done_) {
        const auto piece = answer_body_.next(bytes);
        if (answer_body_.broken()) {
            cut();
            return false;
        }
        answer_done_ = answer_body_.done();
        if (answer_done_ && streaming_) hold_ = Hold::gathering;  // who has all of it finds its record
        release_or_hold(piece);
    }
    return true;
}

void Exchange::release_or_hold(std::string_view bytes) {
    if (hold_ == Hold::open)
        client_.put(bytes);
    else
        held_.add(shared_.copies, bytes);
}

/// Is there all that the record needs, or more than is waited for?
bool Exchange::is_gathered() const {
    if (awaits_request()) return false;
    return answer_done_ || tunnel_ || is_stream(*answer_) || held_.size() >= hold_bytes_max_ || held_.spent() ||
           (answer_->length && *answer_->length > hold_bytes_max_) || loop_.now() >= hold_until_;
}

/// The upstream was faster than the client: it answered, but what the call was is still on its way.
bool Exchange::awaits_request() const {
    const bool unsent = framing_.expects_continue && !continued_;
    return body_shown_ && !request_done_ && !unsent && !tunnel_ && request_copy_.whole() && !request_body_.broken() &&
           !client_.ended() && !client_.broken() && loop_.now() < hold_until_;
}

/// Nothing came: does the connection still stand?
void Exchange::check_link() {
    if (!link_ || (!link_->channel.ended() && !link_->channel.broken())) return;
    if (!answer_) return link_failed();
    if (answer_body_.framing() == BodyScanner::Framing::until_close && !link_->channel.broken()) {
        answer_done_ = true;
        return drop_link();
    }
    cut();
}

void Exchange::link_failed() {
    if (answer_in_.empty() && may_send_again()) {
        upstream_.retries.add();
        sent_again_ = true;
        maybe_made_ = link_->channel.bytes_sent() != sent_before_;
        return connect(0);
    }
    fail_call({502, "upstream_reset", "the service behind the gateway closed the connection without an answer"},
              Outcome::reset, upstream_.resets);
}

/// RFC 9112 section 9.3.1: an idle connection may close just when a request is sent.
bool Exchange::may_send_again() const {
    return link_->reused && !sent_again_ && replayable_ &&
           (is_idempotent(method_) || link_->channel.bytes_sent() == sent_before_);
}

/// The upstream gave no answer to a call that may have had an effect: the client is told, and a record made.
void Exchange::fail_call(Refusal refusal, Outcome outcome, Counter& counter) {
    counter.add();
    upstream_.calls(0).add();
    drop_link();
    close_ = true;
    answer_done_ = true;
    hold_ = shared_.mode == Mode::observe ? Hold::open : Hold::gathering;
    held_.take();
    release_or_hold(refusal_text(refusal));
    submit(outcome);
}

/// The answer ends before its body did: the client sees that, too.
void Exchange::cut() {
    upstream_.cut_answers.add();
    drop_link();
    close_ = true;
    abort_ = answer_body_.framing() == BodyScanner::Framing::until_close;
    answer_done_ = true;
    if (!recorded_) submit(Outcome::cut);
    if (client_.broken()) quit();
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
