#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/answer_head.h"
#include "gateway/body_copy.h"
#include "gateway/body_scanner.h"
#include "gateway/channel.h"
#include "gateway/held_bytes.h"
#include "gateway/recorder.h"
#include "gateway/refusal.h"
#include "gateway/upstream.h"
#include "net/request_head.h"

namespace cairn::gateway {

/// What all calls of a gateway share; outlives them.
struct Shared {
    Recorder& recorder;
    CopyBudget& copies;
    Mode mode = Mode::closed;
    bool intent_reads = true;  ///< mode `intent`: also of calls that change nothing
    Counter& not_recordable;   ///< calls refused because records cannot be made durable
    Counter& not_recorded;     ///< answers given already whose record failed
};

/// One call: its request goes to the upstream as it comes, the answer back, a record of both to the recorder. Lives on
/// the thread of its loop.
class Exchange final : public ChannelOwner, public std::enable_shared_from_this<Exchange> {
public:
    /// What a head that was accepted says, and where it goes.
    struct Start {
        net::Request request;  ///< without its body
        net::Framing framing;
        std::string forwarded_head;
        Upstream& upstream;
        bool upgrade;
        std::chrono::milliseconds client_timeout;  ///< between two bytes of the request, or taken of the answer
    };

    /// `unread` holds what came behind the head; of it the exchange leaves what belongs to the next request. `owner` is
    /// told when the exchange can move on by itself. All of them outlive the exchange, or see quit() first.
    Exchange(Start start, EventLoop& loop, LinkPool& pool, Channel& client, std::string& unread, Shared& shared,
             ChannelOwner& owner);
    ~Exchange() override;

    void begin();

    /// Moves what can move. True when something did.
    bool advance();

    enum class State {
        running,
        done,     ///< the connection can take the next request
        closing,  ///< nothing more is written; the connection ends once all is sent
        aborted   ///< likewise, and in a way that nobody takes for the end of an answer
    };
    State state() const { return state_; }

    /// Ends it now, as when the client is gone.
    void quit();

    void tick(Moment now);

    void channel_ready() override { owner_.channel_ready(); }

private:
    enum class Gate {
        open,       ///< the request goes on as it comes
        gathering,  ///< it waits until there is enough for its intent
        writing,    ///< it waits until its intent is durable
    };
    enum class Hold {
        open,       ///< the answer goes on as it comes
        gathering,  ///< it waits until there is enough for the record
        recording,  ///< it waits until the record is durable
    };

    void take_link();
    void connect(std::size_t place);
    bool pump_tunnel();

    // exchange_request.cpp
    bool pump_request();
    bool take_request_bytes(std::string_view& bytes);
    void pass_on(std::string_view piece);
    bool client_left();
    void say_continue();

    // exchange_answer.cpp
    bool pump_answer();
    bool read_answer_head();
    void take_answer_head(std::string_view raw, AnswerHead head);
    bool relay_answer(std::string_view& bytes);
    void release_or_hold(std::string_view bytes);
    bool is_gathered() const;
    bool awaits_request() const;
    void check_link();
    void link_failed();
    bool may_send_again() const;
    void fail_call(Refusal refusal, Outcome outcome, Counter& counter);
    void cut();

    // exchange_record.cpp
    const wire::Classified& classified();
    void close_gate(bool body_needed, const CopyLimits& limits);
    bool pump_gate();
    void intend();
    void intended(Result<Uuid> event_id);
    void gathered();
    void begin_record();
    void begun(Result<std::optional<Uuid>> event_id);
    void submit(Outcome outcome);
    void recorded(Result<void> result);
    void release(Result<void> result);
    static Time wall_clock();
    Call call_now(Outcome outcome, Part part) const;

    // the end
    void give_link_back();
    void drop_link();
    void finish_if_done();
    void refuse(const Refusal& refusal);
    std::string refusal_text(const Refusal& refusal);

    EventLoop& loop_;
    LinkPool& pool_;
    Channel& client_;
    std::string& unread_;
    Shared& shared_;
    ChannelOwner& owner_;
    Upstream& upstream_;
    const std::shared_ptr<Upstream> upstream_alive_;

    // the request
    net::Request request_;
    const std::string method_;
    const net::Framing framing_;
    const bool upgrade_;
    const std::chrono::milliseconds client_timeout_;
    std::string forwarded_head_;
    BodyScanner request_body_;
    BodyCopy request_copy_;
    bool body_shown_ = false;                     // the record tells of what is in it, if there is all of it
    std::optional<wire::Classified> classified_;  // once there is enough to say it; until the call is handed on
    bool classified_early_ = false;               // before there was the form that says which call it is
    Gate gate_ = Gate::open;
    std::size_t gate_bytes_ = 0;  // of the body, that the intent waits for
    bool request_done_ = false;
    std::string replay_;      // body bytes sent so far, while the call could be sent again
    bool replayable_ = true;  // replay_ has all of them
    bool continued_ = false;  // a 100 was passed on or made
    Time began_{};
    Moment began_at_{};

    // the upstream
    std::shared_ptr<Link> link_;
    bool head_sent_ = false, sent_again_ = false;
    bool maybe_made_ = false;        // something of the call went over a connection that failed
    std::uint64_t sent_before_ = 0;  // over link_, by earlier calls
    std::size_t place_ = 0;          // of its addresses

    // the answer
    std::string answer_in_;  // not parsed yet
    std::optional<AnswerHead> answer_;
    BodyScanner answer_body_;
    BodyCopy answer_copy_;
    std::unique_ptr<wire::StreamFailure> answer_watch_;  // of an event stream
    bool answer_done_ = false, close_ = false, abort_ = false, tunnel_ = false, recorded_ = false;
    std::optional<Uuid> event_id_;  // that the intent or the head stands under
    bool streaming_ = false;        // the head of the answer is durable, its record follows
    bool head_under_way_ = false, head_released_ = false;
    Moment record_by_{};  // when streaming_
    Hold hold_ = Hold::open;
    HeldBytes held_;
    ErrorForm error_form_ = ErrorForm::plain;  // of the request, once that is handed on
    Moment hold_until_{};
    std::size_t hold_bytes_max_ = 0;

    State state_ = State::running;
    Moment moved_{};  // when something last did
    bool quit_ = false;
};

}  // namespace cairn::gateway
