#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "api/own_calls.h"
#include "api/parts.h"
#include "api/worker_pool.h"

namespace cairn::api {

/// What every endpoint works with.
struct Context {
    const Parts& parts;
    const Settings& settings;
    OwnCalls& own_calls;
    WorkerPool& pool;
    WorkerPool& asking_pool;  ///< for calls that ask services elsewhere, so that one that hangs holds no other call
};

/// Runs `work` on a pool, or refuses the call when too many wait: `refuse` answers it then. Does not block.
template <class Work, class Refuse>
void run_on_pool(WorkerPool& pool, CallPointer call, Work work, Refuse refuse) {
    if (!pool.has_room()) return refuse(std::move(call));
    pool.submit([call = std::move(call), work = std::move(work)]() mutable { work(std::move(call)); });
}
template <class Work, class Refuse>
void run_on_pool(const Context& context, CallPointer call, Work work, Refuse refuse) {
    run_on_pool(context.pool, std::move(call), std::move(work), std::move(refuse));
}

/// Sends the answer to a call and records it: a read behind its answer, which waits until there is a place for the
/// record; a write before. A write that succeeded and can not be recorded is answered with `unrecorded` instead.
void answer_and_record(const Context& context, CallPointer call, net::Response response, const OwnCall& own,
                       net::Response unrecorded);

/// Counters of one operation, found once: for operations that are called very often.
class CallMetrics {
public:
    CallMetrics(const Parts& parts, std::string operation);
    void count(const Call& call, const net::Response& response) const;

private:
    const Parts& parts_;
    const std::string operation_;
    Counter& good_;  ///< status 200
    Histogram& seconds_;
};

/// Sends the answer to a call that is no event of its own, and counts it.
void answer(const Context& context, CallPointer call, net::Response response, std::string_view operation);

}  // namespace cairn::api
