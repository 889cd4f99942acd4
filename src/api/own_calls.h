#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/call.h"
#include "base/json.h"
#include "wire/errors.h"

namespace cairn::api {

/// One of cairn's own API calls, as it is recorded.
struct OwnCall {
    std::string_view event_source;  ///< "cloudtrail.amazonaws.com"
    std::string_view event_name;
    bool read_only = true;
    bool answer_first = false;         ///< a write whose effect is durable by itself: recorded after the answer, as reads are
    const Json* parameters = nullptr;  ///< what the caller sent, without secrets; null when it was not understood
    const Json* response = nullptr;    ///< of writes
    const wire::ApiError* error = nullptr;
};

/// The record of a call by an authenticated caller (CloudTrail record contents; docs/api.md, "Own calls").
std::string render_own_call(const Call& call, const OwnCall& own, std::string_view event_id);

/// Members of a request or answer as records hold them: the first letter lower-case, on every level.
Json record_parameters(const Json& json);

/// Hands the records of own calls to ingest, those of reads some at a time on a thread of its own.
class OwnCalls {
public:
    OwnCalls(const Parts& parts, const Settings& settings);

    /// Records what it was given before it returns.
    ~OwnCalls();

    /// Records a read. Does not block; when ingest can not keep up records are dropped, counted and logged.
    void record(std::string record);

    /// Records a write; `done` is called once it is durable, or could not be made so. Does not block.
    void record_before_answer(std::string record, std::function<void(Result<void>)> done);

private:
    void work();
    void hand_over(std::vector<std::string> records);

    const Parts& parts_;
    Counter& recorded_;
    Counter& dropped_;
    std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::vector<std::string> waiting_;  // guarded by mutex_
    bool batch_in_flight_ = false;      // guarded by mutex_: reads handed to ingest and not answered
    std::size_t writes_in_flight_ = 0;  // guarded by mutex_
    bool stopping_ = false;             // guarded by mutex_
    std::jthread thread_;
};

}  // namespace cairn::api
