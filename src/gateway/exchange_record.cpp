#include <algorithm>
#include <utility>

#include "base/log.h"
#include "gateway/classified_call.h"
#include "gateway/exchange.h"

/// What an exchange tells the recorder, and what waits for it.
namespace cairn::gateway {

namespace {

/// Of a body that is waited for, so that the intent has the parameters in it, too.
constexpr std::size_t gate_bytes_max = 64 * 1024;

/// After it the record of an answer that still goes on is made all the same.
constexpr std::chrono::milliseconds stream_patience{5'000};

}  // namespace

/// As far as is known now; said once, and again when a form is there as a whole.
const wire::Classified& Exchange::classified() {
    if (classified_early_ && request_done_) classified_.reset();
    if (!classified_) {
        classified_ = classify_request(request_, request_copy_.bytes(), upstream_.options.calls);
        classified_early_ = !request_done_ && needs_body(request_);
    }
    return *classified_;
}

Call Exchange::call_now(Outcome outcome, Part part) const {
    Call call;
    call.request_whole = request_done_ && request_copy_.whole();
    call.request_bytes = request_body_.data_bytes();
    call.outcome = outcome;
    call.part = part;
    call.event_id = event_id_;
    call.upstream = upstream_.options.name;
    call.began = began_;
    call.ended = wall_clock();
    if (answer_) {
        const bool all_passed = answer_done_ || outcome == Outcome::cut || !answer_->length;
        call.response = answer_->response();
        call.response_whole = answer_done_ && answer_copy_.whole();
        if (answer_watch_) call.stream_failure = answer_watch_->failure();
        call.response_bytes = all_passed ? answer_body_.data_bytes() : *answer_->length;
    } else {
        call.response.status = 0;
    }
    return call;
}

// ---- the intent

void Exchange::close_gate(bool body_needed, const CopyLimits& limits) {
    const bool short_body = !framing_.chunked && !framing_.expects_continue &&
                            framing_.content_length <= std::min(limits.request_bytes_max, gate_bytes_max);
    if (body_needed)
        gate_bytes_ = gate_bytes_max;
    else if (short_body)
        gate_bytes_ = static_cast<std::size_t>(framing_.content_length);
    gate_ = Gate::gathering;
}

/// Reads what the intent needs of the body; nothing goes to the upstream before it is durable.
bool Exchange::pump_gate() {
    if (gate_ == Gate::writing) return false;
    bool moved = false;
    while (!request_done_ && replay_.size() < gate_bytes_) {
        if (unread_.empty()) {
            const auto got = client_.read(loop_.scratch(), gate_bytes_ - replay_.size());
            if (got == 0) {
                if (!client_left() && framing_.expects_continue && !continued_) say_continue();
                return moved;
            }
            unread_.assign(loop_.scratch(), got);
        }
        const auto buffer = std::exchange(unread_, {});
        std::string_view bytes = buffer;
        if (!take_request_bytes(bytes)) return true;
        unread_.assign(bytes);
        moved = true;
    }
    intend();
    return true;
}

void Exchange::intend() {
    if (classified().read_only && !shared_.intent_reads) {
        gate_ = Gate::open;
        return take_link();
    }
    gate_ = Gate::writing;
    auto call = call_now(Outcome::unknown, Part::intent);
    call.classified = *classified_;
    call.request = request_;
    call.request.body = request_copy_.bytes();
    if (!request_done_ && needs_body(request_)) classified_.reset();  // what still comes may say more
    shared_.recorder.intend(
        std::move(call), [self = shared_from_this(), loop = loop_.shared_from_this()](Result<Uuid> event_id) mutable {
            loop->post_answer([self = std::move(self), event_id = std::move(event_id)]() mutable {
                self->intended(std::move(event_id));
            });
        });
}

void Exchange::intended(Result<Uuid> event_id) {
    if (quit_) {
        if (event_id) shared_.recorder.forget(*event_id);
        return;
    }
    moved_ = loop_.now();
    if (event_id) {
        event_id_ = *event_id;
        gate_ = Gate::open;
        take_link();
    } else {
        log_error("a call is not made: it cannot be recorded now", {{"reason", event_id.error().message}});
        shared_.not_recordable.add();
        refuse({503, "spool_full", "the call cannot be recorded now, and is not made"});
    }
    owner_.channel_ready();
}

// ---- the record

/// The answer, or what is waited for of it, is there.
void Exchange::gathered() {
    if (answer_done_ || tunnel_ || shared_.mode == Mode::observe) return submit(Outcome::answered);
    begin_record();
}

/// The answer goes on for longer than it is held: its head is told now, the rest when that is known.
void Exchange::begin_record() {
    error_form_ = error_form(classified());
    auto call = call_now(Outcome::answered, Part::head);
    call.classified = *classified_;
    call.request = request_;
    call.request.body = request_copy_.bytes();
    hold_ = Hold::recording;
    head_under_way_ = true;
    shared_.recorder.record_head(std::move(call), [self = shared_from_this(), loop = loop_.shared_from_this()](
                                                      Result<std::optional<Uuid>> event_id) mutable {
        loop->post_answer(
            [self = std::move(self), event_id = std::move(event_id)]() mutable { self->begun(std::move(event_id)); });
    });
}

void Exchange::begun(Result<std::optional<Uuid>> event_id) {
    head_under_way_ = false;
    streaming_ = event_id && *event_id;
    if (streaming_) {
        event_id_ = **event_id;
        head_released_ = true;
        record_by_ = loop_.now() + stream_patience;
    } else {
        recorded_ = true;
        request_body_.copy_to(nullptr);
        answer_body_.copy_to(nullptr);
        request_copy_.take();
        answer_copy_.take();
    }
    hold_ = Hold::open;
    if (!quit_) return release(event_id ? Result<void>() : fail(event_id.error()));
    if (streaming_) submit(Outcome::cut);
}

void Exchange::submit(Outcome outcome) {
    if (recorded_) return;
    error_form_ = error_form(classified());
    auto call = call_now(outcome, streaming_ ? Part::rest : Part::whole);
    call.classified = std::move(*classified_);
    call.request = std::move(request_);
    call.request.body = request_copy_.take();
    call.response.body = answer_copy_.take();
    request_body_.copy_to(nullptr);
    answer_body_.copy_to(nullptr);
    recorded_ = true;
    streaming_ = false;
    if (shared_.mode == Mode::observe || hold_ == Hold::open) {
        shared_.recorder.record(std::move(call), [&failed = shared_.not_recorded](Result<void> result) {
            if (!result) failed.add();
        });
        if (hold_ != Hold::open) client_.put(held_.take());
        hold_ = Hold::open;
        return;
    }
    hold_ = Hold::recording;
    shared_.recorder.record(
        std::move(call), [self = shared_from_this(), loop = loop_.shared_from_this()](Result<void> result) mutable {
            loop->post_answer(
                [self = std::move(self), result = std::move(result)]() mutable { self->recorded(std::move(result)); });
        });
}

void Exchange::recorded(Result<void> result) {
    hold_ = Hold::open;
    if (!result && head_released_) {
        shared_.not_recorded.add();  // the end is not withheld: its head is durable
        result = {};
    }
    if (!quit_) release(std::move(result));
}

/// What waited for the record goes to the client, unless there is none.
void Exchange::release(Result<void> result) {
    moved_ = loop_.now();
    if (result) {
        client_.put(held_.take());
    } else {
        log_error("an answer is withheld: its call cannot be recorded now", {{"reason", result.error().message}});
        shared_.not_recordable.add();
        held_.take();
        drop_link();
        tunnel_ = false;
        answer_done_ = true;
        refuse({503, "spool_full", "the call was made, but cannot be recorded now"});
    }
    owner_.channel_ready();
}

}  // namespace cairn::gateway
