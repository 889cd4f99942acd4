#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "journal/archive_writer.h"
#include "journal/block_entry.h"
#include "journal/manifest.h"
#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/event_log.h"

namespace cairn::journal {

struct JournalOptions {
    std::uint64_t disk_budget_bytes = 0;           ///< of journal, archive and other_bytes() together; 0: the device
    std::uint64_t journal_file_bytes = 64u << 20;  ///< of one preallocated journal file
    std::uint64_t commit_bytes_max = 8u << 20;     ///< batches beyond wait for the next group commit
    std::chrono::milliseconds seal_age{600'000};   ///< events are moved to the archive when they are older
    std::chrono::milliseconds space_retry{500};    ///< how often a log that is out of space looks for some
    ArchiveLimits archive;
    bool background = true;  ///< false: nothing is sealed but by seal(); for tests that count every call to the disk
};

/// How long events of each class are kept, judged on the later of eventTime and ingest time; empty: for ever.
struct Retention {
    std::array<std::optional<std::chrono::milliseconds>, retention_class_count> keep;
};

/// True when nothing in the file is kept by its class any more.
bool is_expired(const ArchiveFileInfo& file, const Retention& retention, Time now);

/// True when a file must not be trimmed: it holds events under a legal hold.
using Hold = std::function<bool(const ArchiveFileInfo& file)>;

struct TrimReport {
    std::vector<Tombstone> trimmed;
    std::uint64_t held_files = 0;    ///< expired, but kept by a hold
    std::uint64_t unread_files = 0;  ///< expired, but not yet read by every view
};

/// The EventLog on a local disk: a hot tail of preallocated files that are written by group commit, and an archive of
/// sealed files per retention class and ingest day. Two threads of its own: a writer and a sealer.
///
/// Durability: a batch is on disk (one write, one fdatasync, with all batches that were waiting) before it is
/// acknowledged. After a failed sync (or a write that failed for another reason than space) nobody knows what is on
/// disk: the log is closed for writing until it is opened again. Reading goes on. When the device is full in spite of
/// admit(), what was appended waits for space, is written when there is some, and meanwhile admit() refuses. Formats:
/// docs/format/journal.md, docs/format/archive.md.
class Journal final : public EventLog {
public:
    /// What it works with; all of them outlive it.
    struct Parts {
        Disk& disk;
        std::string folder;  ///< of this log, below the disk's root
        const Clock& clock;
        Metrics& metrics;
        std::function<BlockCodec()> codec;  ///< for blocks the log makes itself; any thread, cheap
        FindDictionary find_dictionary;     ///< any thread
        std::function<std::uint64_t()>
            other_bytes{};  ///< bytes of others under the same budget; any thread, cheap; may be empty
    };

    /// Recovers what is there (blocks while it reads the hot tail) or makes a new log. Errors: corrupt, unavailable
    /// (newer format), invalid (options), and those of the disk.
    static Result<std::unique_ptr<Journal>> open(Parts parts, JournalOptions options = {});

    /// Commits what was appended without a gap, fails the rest, stops the threads.
    ~Journal() override;

    // seam/event_log.h
    void append(Batch batch, Done done) override;
    Result<void> admit(std::uint64_t raw_bytes) const override;
    std::uint64_t end() const override;
    std::uint64_t begin() const override;
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override;
    Result<StoredBlock> find(std::uint64_t number) override;
    void expect(std::span<const std::uint64_t> numbers) override;
    bool wait(std::uint64_t number, int timeout_ms) override;

    /// Calls `use` for the fingerprints of every stored event from `from` on, in number order: to fill Seen after a
    /// restart. Damaged blocks are left out. Blocks; the spans hold during the call.
    Result<void> for_each_fingerprint(
        std::uint64_t from,
        const std::function<void(std::uint64_t first_number, std::span<const Fingerprint>)>& use) const;

    /// From now on nothing waits for space: appends that need some fail with exhausted and close the log. For shutting
    /// down.
    void leave();

    /// Moves everything that is durable now into the archive. Blocks.
    Result<void> seal();

    /// Drops whole archive files whose newest event is older than its class is kept, that no hold keeps and whose
    /// events are all below `read_by_all`, in one change of the manifest that leaves tombstones. Readers keep what they
    /// hold. An open file of a past day is closed first. Blocks. Errors: those of the disk.
    Result<TrimReport> trim(const Retention& retention, const Hold& hold, std::uint64_t read_by_all);

    /// Damaged blocks met by read() since the start, and what recovery found.
    std::uint64_t damage() const;
    const std::vector<Finding>& findings() const;

    std::vector<ArchiveFileInfo> archive_files() const;
    std::vector<Tombstone> tombstones() const;

    /// Bytes on disk of journal and archive.
    std::uint64_t disk_bytes() const;

    struct State;

private:
    explicit Journal(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace cairn::journal
