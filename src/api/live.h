#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/context.h"
#include "api/event_json.h"
#include "event/scope.h"
#include "match/query.h"

namespace cairn::api {

/// What a follower of live events wants to see.
struct Interest {
    Scope scope;
    match::Query query;
    std::optional<Time> since;  ///< of the event's time
    SummaryFields fields = SummaryFields::standard();
    std::uint64_t next = 0;  ///< the first event number it has not seen
};

/// Shows new events to those who follow them: server-sent events (GET /v1/tail) and calls that end with the first match
/// (/v1/wait). One thread reads the log behind history, once for all who stand at the same place.
class Live {
public:
    Live(const Parts& parts, const Settings& settings);

    /// Ends all.
    ~Live();

    /// Begins to write to `stream`. False, and nothing is done, when there are too many streams or live is ending.
    /// `rows_per_second` 0: no limit; above it rows are left out and counted. `first` is written before anything else.
    bool tail(Interest interest, std::uint64_t rows_per_second, std::shared_ptr<net::Stream> stream, std::string first);

    /// Calls `done` with the summary of the first match, or without one at `deadline` or when live ends; from live's
    /// thread, it must not block. False, and it is never called, when there are too many waits or live is ending.
    using Done = std::move_only_function<void(std::optional<std::string> summary)>;
    bool wait(Interest interest, std::chrono::milliseconds timeout, Done done);

    /// Ends all streams and waits; new ones are refused. Blocks until they were told, a second at most.
    void end();

    /// True when tail() would refuse.
    bool full() const;

    /// How many there are; outlives live, for metrics.
    struct Counts {
        std::atomic<std::size_t> streams{0}, waits{0};
    };
    std::shared_ptr<const Counts> counts() const { return counts_; }

private:
    using Instant = std::chrono::steady_clock::time_point;

    struct Tail {
        Interest interest;
        std::uint64_t rows_per_second;
        std::shared_ptr<net::Stream> stream;
        std::string rows;  ///< summaries waiting for the next frame
        std::size_t row_count = 0;
        std::uint64_t last_row = 0;
        std::uint64_t second_rows = 0, second_seen = 0, second_matched = 0, second_skipped = 0;
        Instant second_began{}, frame_sent{}, anything_sent{};
        bool caught_up = false;
        bool full = false;  ///< its reader has enough to read: the log waits for it
        bool gone = false;
    };
    struct Wait {
        Interest interest;
        Instant deadline;
        Done done;
        bool finished = false;
    };

    void work();
    void take_new();
    void listen(bool wanted);
    bool advance(std::uint64_t covered);
    void show(std::uint64_t from, const std::vector<StoredBlock>& blocks, std::uint64_t covered);
    void show_block(std::uint64_t from, const StoredBlock& block, std::uint64_t covered);
    void show_event(std::uint64_t from, std::uint64_t number, const EventView& event);
    void send_rows(Tail& tail, Instant now);
    void leave_out_lag(std::uint64_t covered);
    void send_frames(Instant now);
    void send_stats(Tail& tail, Instant now);
    void finish_waits(Instant now, bool all);
    void end_tails(std::string_view reason);
    void write(Tail& tail, const std::string& text, Instant now);

    const Parts& parts_;
    const Settings& settings_;
    RecordParser parser_;

    // Owned by the thread.
    std::list<Tail> tails_;
    std::list<Wait> waits_;
    std::optional<std::uint64_t> subscription_;

    mutable std::mutex mutex_;
    std::condition_variable wake_, told_;
    std::list<Tail> new_tails_;                                          // guarded by mutex_
    std::list<Wait> new_waits_;                                          // guarded by mutex_
    const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();  // written under mutex_
    bool fresh_ = false;                                                 // guarded by mutex_: events were published
    bool ending_ = false;                                                // guarded by mutex_
    bool all_told_ = false;                                              // guarded by mutex_: of the end
    bool stopping_ = false;                                              // guarded by mutex_
    std::jthread thread_;
};

}  // namespace cairn::api
