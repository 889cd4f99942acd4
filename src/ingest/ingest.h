#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "event/envelope.h"
#include "event/record.h"
#include "seam/clock.h"
#include "seam/event_log.h"
#include "seam/live_learner.h"
#include "seam/live_view.h"
#include "seam/seen.h"

namespace cairn::ingest {

/// What became of one record.
enum class Outcome : std::uint8_t { stored, duplicate, conflict, rejected };

struct RecordResult {
    Outcome outcome = Outcome::rejected;
    std::string event_id;      ///< the record's, or the one made for it; empty when rejected before it was read
    std::string reason;        ///< rejected: why; conflict: which stored event
    std::uint64_t number = 0;  ///< stored and conflict: its event number; duplicate: that of the stored one
};

struct Counts {
    std::uint64_t stored = 0, duplicate = 0, conflict = 0, rejected = 0;  ///< conflict: stored too, and flagged
    std::uint64_t total() const { return stored + duplicate + conflict + rejected; }
};

struct Receipt {
    Counts counts;
    std::vector<RecordResult> results;  ///< one per record, in order
};

/// May the writer write events of this account? Null admits all.
using AccountFilter = std::function<bool(std::string_view account, std::string_view region)>;

/// What a gateway says of one of its records: Envelope::sequence and Envelope::evidence.
struct Origin {
    std::uint64_t sequence = 0;
    std::string evidence;
};

struct Writer {
    Envelope envelope;            ///< ingest_time is filled in by submit()
    std::vector<Origin> origins;  ///< one per record, in order, that takes the place of what the envelope says; or none
    AccountFilter may_write;      ///< a record of another account is rejected with the reason "not authorized ..."
};

struct IngestOptions {
    RecordLimits limits;
    bool fast_codec = false;
};

/// Turns records into admitted, durable, searchable events: check, fingerprint, admit (duplicates and conflicts of
/// DESIGN.md principle 5), number, encode, append, publish to the live views, acknowledge - in this order.
class Ingest {
public:
    /// What it works with; all of them outlive it. `views` are published to in order.
    struct Parts {
        EventLog& log;
        Seen& seen;
        std::vector<LiveView*> views;
        std::function<BlockCodec()> codec;  ///< asked for each block; cheap
        FindDictionary find_dictionary;
        const HashKey& key;
        const Clock& clock;
        Metrics& metrics;
        /// Called with what answers several requests, and calls it: a server may wake its threads for all of them at
        /// once. Null: it is called as it is.
        std::function<void(const std::function<void()>& answer_all)> around_answers = {};
        LiveLearner* learner = nullptr;  ///< sees the records, too; or none
    };

    Ingest(Parts parts, IngestOptions options);
    ~Ingest();

    /// Records of one request. `texts` are views into `buffer` (each followed by RecordParser::padding readable bytes)
    /// or into anything else that stays until submit() returns: nothing is kept of them. The work up to the append is
    /// done on the calling thread; `done` is called once, from another thread or this one, when all stored records are
    /// durable and visible to every view. All or nothing: on an error none is stored. Errors: exhausted (disk budget),
    /// unavailable (log closed, shutting down). Waits only where a record has the identity of another one that is on
    /// its way into the log. `done` may call submit().
    using Done = std::move_only_function<void(Result<Receipt>)>;
    void submit(std::shared_ptr<const std::string> buffer, std::vector<std::string_view> texts, Writer writer,
                Done done);

    /// submit() and wait. For imports and tests; never on a server's thread.
    Result<Receipt> submit_and_wait(std::shared_ptr<const std::string> buffer, std::vector<std::string_view> texts,
                                    Writer writer);

    /// Waits until everything submitted so far is answered.
    void drain();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::ingest
