#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "gateway/exchange.h"
#include "gateway/forwarded_head.h"

/// The answer to a call on its way to the client, and what comes in its place when there is none.
namespace cairn::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t answer_head_bytes_max = 256 * 1024;
constexpr std::size_t held_bytes_min = 64 * 1024;
constexpr milliseconds hold_patience{1'000};

/// RFC 9110 section 9.2.2: sent twice they have the effect of once.
bool is_idempotent(std::string_view method) {
    static constexpr std::array methods{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    return std::ranges::find(methods, method) != methods.end();
}

bool is_event_stream(const AnswerHead& head) {
    return head.find("content-type").starts_with("application/vnd.amazon.eventstream");
}

/// Answers whose pieces matter as they come.
bool is_stream(const AnswerHead& head) {
    return is_event_stream(head) || head.find("content-type").starts_with("text/event-stream");
}

}  // namespace

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
    if (is_event_stream(*answer_)) {
        answer_watch_ = std::make_unique<wire::StreamFailure>();
        answer_body_.show_to(answer_watch_.get());
    }
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

}  // namespace cairn::gateway
