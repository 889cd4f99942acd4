#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
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
    bool answer_first = false;  ///< a write whose effect is durable by itself: recorded after the answer, as reads are
    const Json* parameters = nullptr;  ///< what the caller sent, without secrets; null when it was not understood
    const Json* response = nullptr;    ///< of writes
    const wire::ApiError* error = nullptr;
    bool names_as_given = false;       ///< members of parameters are named as in records already
    const Json* resources = nullptr;   ///< what it was about, as records list it
    const Json* additional = nullptr;  ///< additionalEventData
};

/// The record of a call by an authenticated caller (CloudTrail record contents; docs/api.md, "Own calls").
std::string render_own_call(const Call& call, const OwnCall& own, std::string_view event_id);

/// Members of a request or answer as records hold them: the first letter lower-case, on every level.
Json record_parameters(const Json& json);

/// Hands the records of own calls to ingest, those of reads some at a time on a thread of its own. Nothing is left out
/// while ingest is slow: the queue of reads is bounded, and a caller waits for a place in it. What the log refuses (the
/// disk budget is spent, the log is closed) is counted and logged. Members may be called from any thread and do not
/// block.
class OwnCalls {
public:
    using Answer = std::move_only_function<void()>;

    OwnCalls(const Parts& parts, const Settings& settings);

    /// Records what it was given before it returns.
    ~OwnCalls();

    /// Records a read. `answer` sends its answer: at once, or, while the queue is full, when the record has its place.
    void record(std::string record, Answer answer);

    /// Records a write; `done` is called once it is durable, or could not be made so.
    void record_before_answer(std::string record, std::function<void(Result<void>)> done);

private:
    /// A read that was not answered, for there was no room for its record.
    struct Held {
        std::string record;
        Answer answer;
    };

    bool has_room(std::size_t record_bytes) const;  // with mutex_ held
    void enqueue(std::string record);               // with mutex_ held
    void work();
    std::vector<Answer> let_in();  // with mutex_ held: takes held reads into the queue; their answers can go
    void hand_over(std::vector<std::string> records);
    void finished(std::size_t count, const Result<ingest::Receipt>& receipt);
    void unrecorded(std::size_t count, const std::string& reason);

    const Parts& parts_;
    const std::size_t records_max_;
    Counter& recorded_;
    Counter& unrecorded_;
    Counter& held_count_;
    std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::vector<std::string> waiting_;  // guarded by mutex_, as all below
    std::size_t waiting_bytes_ = 0;
    std::deque<Held> held_;
    bool batch_in_flight_ = false;  // reads handed to ingest and not answered
    std::size_t writes_in_flight_ = 0;
    bool stopping_ = false;
    std::size_t unlogged_ = 0;  // unrecorded since the last line of the log about them
    std::chrono::steady_clock::time_point next_line_{};
    std::jthread thread_;
};

}  // namespace cairn::api
