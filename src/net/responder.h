#pragma once

#include <memory>

#include "net/http.h"
#include "net/stream_queue.h"

namespace cairn::net {

/// An answer on its way from the handler to the connection.
struct Answer {
    Response response;
    std::shared_ptr<StreamQueue> stream;  ///< set: `response` is only the head, the body comes from here
};

/// The connection, as far as responders and streams know it. Members may be called from any thread.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;

    /// Called once for every request.
    virtual void deliver(Answer answer) = 0;

    /// The stream has something to send, or was closed.
    virtual void wake() = 0;
};

/// Answers the request that `sink` waits for; 500 when it is destroyed unused.
std::unique_ptr<Responder> make_responder(std::shared_ptr<AnswerSink> sink);

}  // namespace cairn::net
