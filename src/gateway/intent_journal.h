#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/uuid.h"
#include "gateway/record_sink.h"
#include "seam/disk.h"

namespace cairn::gateway {

struct IntentJournalOptions {
    std::string folder = "intents";
    std::uint64_t bytes_max = 64u << 20;  ///< of all files; above it no call is taken that is not there yet
    std::uint64_t file_bytes = 4u << 20;  ///< a larger file is closed, and removed when all of its calls are settled
    std::chrono::milliseconds settle_interval{200};  ///< after it at the latest it is written that a call is settled
};

/// What is to be recorded of calls that are under way, should the gateway not come to their end:
/// docs/format/intents.md. A call stands there under the eventID of its record, with the records that tell of it as far
/// as it is known: its intent, then what its answer's head says, then what the sink is about to be given. Only when the
/// sink has that the call is settled. So a record that the sink may have seen is always the last one that stands here,
/// and giving it again gives the same bytes.
///
/// One writer; all that wait share one sync. Members may be called from any thread and do not block.
class IntentJournal {
public:
    /// Reads what an earlier process left. `disk` and `metrics` outlive it. Blocks. Errors: those of Disk; corrupt.
    static Result<std::unique_ptr<IntentJournal>> open(IntentJournalOptions options, Disk& disk, Metrics& metrics);

    /// Writes what was put and settled. Files stay if calls in them are not settled.
    ~IntentJournal();

    struct Unsettled {
        Uuid id;
        std::vector<GatewayRecord> records;
    };

    /// What stood for the calls that an earlier process did not settle, oldest first. They are to be settled, too.
    std::vector<Unsettled> take_unsettled() { return std::move(unsettled_); }

    enum class Room {
        of_a_new_call,  ///< refused when the journal is full
        of_its_end      ///< taken as long as the disk does: only then there will be room again
    };

    /// `records` take the place of what stands under `id`. `done` is called once, from any thread: without a value once
    /// that is durable. Errors: exhausted, when the journal or the disk is full; those of Disk. After an error nobody
    /// knows which of the two stands there.
    using Done = std::move_only_function<void(Result<void>)>;
    void put(const Uuid& id, std::span<const GatewayRecord> records, Room room, Done done);

    /// Nothing is to be recorded of this call any more. Written with what is put next, or after a while, without a sync
    /// of its own: after a crash it may stand there again. An id that does not stand there is ignored.
    void settle(const Uuid& id);

private:
    struct Waiting {
        Uuid id;
        std::string frame;
        Done done;
    };
    struct IntentFile {
        std::string path;
        std::unique_ptr<File> file;
        std::uint64_t end = 0;
        std::size_t unsettled = 0;  ///< calls whose last frame is here
        bool closed = false;        ///< nothing is appended any more
    };
    struct Place {
        std::shared_ptr<IntentFile> file;
        std::uint64_t offset = 0;
        std::size_t size = 0;
    };

    IntentJournal(IntentJournalOptions options, Disk& disk, Metrics& metrics);

    Result<void> recover();
    Result<void> recover_file(const std::string& name, std::map<Uuid, std::string>& records);
    void write();
    void write_group(std::deque<Waiting> group, std::vector<Uuid> settled);
    Result<void> append(const std::shared_ptr<IntentFile>& file, const std::deque<Waiting>& group,
                        const std::vector<Uuid>& settled);
    Result<std::shared_ptr<IntentFile>> file_to_append_to();
    void carry_on(std::deque<Waiting>& group, const std::vector<Uuid>& settled);
    void set_place(const Uuid& id, Place place);
    void forget(const Uuid& id);
    void remove_settled_files(bool all);

    const IntentJournalOptions options_;
    Disk& disk_;
    Counter &written_, &left_, &damaged_;
    const std::shared_ptr<std::atomic<std::uint64_t>> bytes_;  ///< of all files; the gauge may outlive all of this
    std::vector<Unsettled> unsettled_;

    // of the writer
    std::deque<std::shared_ptr<IntentFile>> files_;  // oldest first
    std::map<Uuid, Place> places_;                   // of the last frame of each call
    std::set<Uuid> doubtful_;                        // may stand in a file although put() failed
    std::uint64_t next_number_ = 1;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> waiting_;  // guarded by mutex_, as all below
    std::vector<Uuid> settled_;
    bool stopping_ = false;

    std::thread writer_;
};

}  // namespace cairn::gateway
