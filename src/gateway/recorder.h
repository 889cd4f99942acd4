#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "net/http.h"
#include "wire/call_failure.h"
#include "wire/classify.h"

namespace cairn::gateway {

/// What came of a call.
enum class Outcome {
    answered,   ///< the upstream answered, and all of it was passed on
    cut,        ///< the upstream answered, but the client or the upstream ended before the body did
    reset,      ///< the upstream closed before it answered: whether the call had an effect is not known
    timed_out,  ///< likewise, without any answer in time
    unknown,    ///< it is about to be made
};

/// What a call is handed over for.
enum class Part {
    whole,   ///< its record
    intent,  ///< what is to be recorded if the gateway ends before the call does
    head,    ///< likewise, once the answer has begun
    rest,    ///< its record, after its head
};

/// One call as it was seen on the wire. Nothing of it is redacted yet: it must not be stored or logged as it is.
struct Call {
    wire::Classified classified;
    net::Request request;        ///< its body is a copy, or the first bytes of one that was not kept as a whole
    bool request_whole = false;  ///< the copy has the whole body
    net::Response response;      ///< likewise; status 0: there was none
    bool response_whole = false;
    wire::CallFailure stream_failure;                     ///< what an event stream says of the call
    std::uint64_t request_bytes = 0, response_bytes = 0;  ///< of the bodies, without HTTP's chunk framing
    Time began{}, ended{};
    Outcome outcome = Outcome::answered;
    std::string upstream;  ///< its name
    Part part = Part::whole;
    std::optional<Uuid> event_id;  ///< what intend() or record_head() gave; else a new one is made
};

/// Up to how many bytes of the bodies are copied for the record. Longer ones are not kept, but for
/// `request_first_bytes`.
struct CopyLimits {
    std::size_t request_bytes_max = 0, response_bytes_max = 0;
    std::size_t request_first_bytes = 0;  ///< of a longer request: enough to say what it is
};

/// Makes records of calls. Members may be called from any thread and do not block.
class Recorder {
public:
    virtual ~Recorder() = default;

    /// Asked when the head of a request is there (`call` is null if its body must be known to say which call it is),
    /// and again when the answer's is: `response` is its head then.
    virtual CopyLimits limits(const net::Request& head, const wire::Classified* call,
                              const net::Response* response) const = 0;

    /// Takes a call, and learns from it who is behind a key. `done` is called once, from any thread: without a value
    /// once the record is durable. An error says that it is not yet; the recorder goes on trying by itself and says
    /// false in accepting() until it has.
    using Done = std::move_only_function<void(Result<void>)>;
    virtual void record(Call call, Done done) = 0;

    /// Takes a call that is about to be made. `done` is called once, from any thread: with the eventID of its record
    /// once it is durable that the call may have been made. record() or forget() follows. Errors: it is not durable,
    /// and the call must not be made.
    using Intended = std::move_only_function<void(Result<Uuid>)>;
    virtual void intend(Call call, Intended done) = 0;

    /// Takes a call whose answer has begun and goes on. `done` is called once, from any thread: with the eventID of its
    /// record once what is known now is durable; then record() follows when the rest is known. Without one nothing
    /// follows: it was recorded as it is. An error is that of record(), and nothing follows either.
    using Begun = std::move_only_function<void(Result<std::optional<Uuid>>)>;
    virtual void record_head(Call call, Begun done) = 0;

    /// What was intended was not done.
    virtual void forget(const Uuid& event_id) = 0;

    /// False while records cannot be made durable: then mode `closed` takes no new calls.
    virtual bool accepting() const = 0;
};

}  // namespace cairn::gateway
