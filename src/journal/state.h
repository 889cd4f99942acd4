#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "journal/commit_builder.h"
#include "journal/journal.h"
#include "journal/opening.h"
#include "journal/slot_pool.h"
#include "journal/tail.h"

namespace cairn::journal {

/// Numbers of the log for /metrics; shared with the registry, which may live longer.
struct Numbers {
    std::atomic<std::uint64_t> end{0}, begin{0}, journal_bytes{0}, archive_bytes{0}, unsealed_bytes{0};
    std::atomic<bool> closed{false}, out_of_space{false};
};

/// What the parts of the journal share. writer.cpp holds what the writer thread does, sealer.cpp what the sealer thread
/// and trim do, journal.cpp the rest.
struct Journal::State {
    State(Parts parts, JournalOptions options);
    ~State();

    // writer.cpp
    void append(Batch batch, Done done);
    void run_writer();
    void stop_writer();
    void leave();                     ///< waits for space end
    Result<void> retire_open_file();  ///< asks the writer to take a new journal file next; blocks until it does

    // sealer.cpp
    void run_sealer();
    Result<void> seal_one(const TailFilePointer& file);
    Result<void> seal_all();
    Result<TrimReport> trim(const Retention& retention, const Hold& hold, std::uint64_t read_by_all);
    // With maintenance_mutex held:
    Result<void> store_manifest_changed(Manifest changed);
    Result<void> settle_manifest();
    void tick();

    // journal.cpp
    Result<void> admit(std::uint64_t raw_bytes) const;
    std::uint64_t used_bytes() const;
    std::uint64_t free_device_bytes() const;
    void update_numbers();

    struct Pending {
        Batch batch;
        Done done;
        std::uint64_t bytes = 0;
    };

    // Constant after the start.
    const Parts parts;
    const JournalOptions options;
    std::vector<Finding> findings;

    SlotPool pool;
    Contents contents;
    std::shared_ptr<Numbers> numbers = std::make_shared<Numbers>();
    std::atomic<std::uint64_t> damaged{0};
    std::atomic<std::uint64_t> archive_bytes{0};
    mutable std::atomic<std::uint64_t> device_free{0};
    mutable std::atomic<std::int64_t> device_checked_ms{0};

    struct Counters {
        Counter& events;
        Counter& commits;
        Counter& bytes;
        Histogram& commit_seconds;
        Counter& blocks_joined;
        Counter& damaged_blocks;
    };
    Counters counters;

    // Between append() and the writer.
    mutable std::mutex queue_mutex;
    std::condition_variable queue_changed;
    std::map<std::uint64_t, Pending> queue;  // guarded by queue_mutex, as all below; by first number
    std::uint64_t queue_bytes = 0;
    std::uint64_t next_number = 0;      // of the next commit
    std::optional<Error> closed;        // no more writing
    std::optional<Error> out_of_space;  // the writer waits for it
    bool between_files = false;         // then: no journal file is open
    bool leaving = false;               // it waits no longer
    bool stopping = false;
    bool retire_wanted = false;
    bool writer_waits = false;

    // The writer's own.
    CommitBuilder builder;
    FramePosition position;
    TailFilePointer open_file;
    std::uint64_t write_offset = 0;
    Result<void> commit(std::vector<Pending>& batches);
    Result<void> take_new_file(std::uint64_t bytes);
    void retire();
    template <class Work>
    auto with_space(Work&& work) -> decltype(work());
    bool wait_for_space(const Error& error);
    void space_is_back();
    void wake_sealer();
    std::vector<Pending> take_ready();
    void fail_all(const Error& error, std::vector<Pending> batches);

    // Seal, trim and close change the manifest one after another.
    mutable std::mutex maintenance_mutex;
    Manifest manifest;             // guarded by maintenance_mutex, as below
    bool manifest_unsure = false;  // a change of it failed half-way: the disk may hold it or not
    std::atomic<std::uint64_t> durable_sequence{0}, durable_number{0}, last_generation{0};

    std::mutex sealer_mutex;
    std::condition_variable sealer_wake;
    bool sealer_stopping = false;  // guarded by sealer_mutex, as below
    bool sealer_work = false;

    std::thread writer, sealer;
};

}  // namespace cairn::journal
