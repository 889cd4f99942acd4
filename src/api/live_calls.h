#pragma once

#include "api/context.h"
#include "api/live.h"

namespace cairn::api {

/// GET /v1/tail and GET or POST /v1/wait (docs/api.md).
class LiveCalls {
public:
    LiveCalls(const Context& context, Live& live) : context_(context), live_(live) {}

    /// `call` is authenticated.
    void tail(CallPointer call);
    void wait(CallPointer call);

private:
    void begin_tail(CallPointer call, Interest interest, std::uint64_t rows_per_second, std::size_t last);
    void begin_wait(CallPointer call, Interest interest, std::chrono::milliseconds timeout);
    std::expected<std::string, Error> newest(const Interest& interest, std::size_t count, bool rows) const;

    const Context& context_;
    Live& live_;
};

}  // namespace cairn::api
