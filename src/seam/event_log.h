#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "event/block.h"
#include "event/envelope.h"
#include "event/record.h"

namespace cairn {

/// What admission compares: the keyed hash of the identity, and of the raw bytes.
struct Fingerprint {
    std::uint64_t identity = 0;
    Hash128 content;
};

/// Consecutive events of one retention class on their way into the log. Either `encoded` holds a finished block, or
/// `records` holds the raw records (for batches too small to be compressed alone): then the log joins neighbours of
/// one class into a block of its own.
struct BlockInput {
    RetentionClass retention = RetentionClass::management;
    std::uint64_t first_number = 0;
    std::vector<Fingerprint> fingerprints;  ///< one per event, in order; its size is the event count
    std::string encoded;
    std::vector<std::string> records;
    std::vector<Envelope> envelopes;  ///< with `records`: one, for all; or one per record
    std::int64_t newest_ms = 0;       ///< the newest eventTime, milliseconds since 1970; 0: not later than now
};

/// The events of one request, whose numbers follow each other without a gap.
struct Batch {
    std::uint64_t first_number = 0;
    std::uint64_t event_count = 0;
    std::vector<BlockInput> blocks;
};

/// A stored block as readers get it.
struct StoredBlock {
    std::uint64_t first_number = 0;
    std::uint32_t event_count = 0;
    RetentionClass retention = RetentionClass::management;
    std::string_view bytes;             ///< as BlockReader::open takes them
    std::shared_ptr<const void> owner;  ///< keeps `bytes` alive
};

/// The ordered, durable record of every event of one shard. An event has a number; numbers are dense at append and
/// never change or come back, but trimmed events leave gaps: compare numbers, do not count with them. Implemented by
/// journal/ (and backend/kafka). All members may be called from any thread.
class EventLog {
public:
    virtual ~EventLog() = default;

    /// Takes the batch and makes it durable (with others, in one group commit) without blocking the caller. Batches may
    /// arrive in any order but cover every number from end() on without gaps or overlap: the log waits for the missing
    /// ones. `done` is called once, on the log's thread, in number order (at once for all below end()), and must not
    /// block; on success all events below first_number + event_count are durable and readable. All or nothing. A batch
    /// that finds the device full waits for space. Errors, after which the log is closed for writing until restart:
    ///         exhausted    shut down while out of space; nothing of this batch or of any later one in flight is stored
    ///         unavailable  closed, or an earlier sync failed
    using Done = std::move_only_function<void(Result<void>)>;
    virtual void append(Batch batch, Done done) = 0;

    /// Whether `raw_bytes` more would be taken now: asked before numbers are given out, so that a full disk refuses
    /// requests instead of letting them wait. Does not block. Errors: exhausted, the disk budget is spent or the device
    /// full; unavailable, closed.
    virtual Result<void> admit(std::uint64_t raw_bytes) const = 0;

    /// The number after the newest durable event. Does not block.
    virtual std::uint64_t end() const = 0;

    /// The oldest number that may still be read.
    virtual std::uint64_t begin() const = 0;

    /// Blocks in number order from the one that holds `from` (or the next stored one), until `bytes_max` are collected;
    /// at least one unless `from` >= end(). Blocks only for disk reads. A damaged block is left out and counted in
    /// damage(); its neighbours are returned.
    virtual Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) = 0;

    /// The block that holds event `number`. Errors: not_found when it was trimmed or never written; corrupt.
    virtual Result<StoredBlock> find(std::uint64_t number) = 0;

    /// A hint that these events are soon read one after the other: what is not in memory is fetched meanwhile. Does not
    /// block.
    virtual void expect(std::span<const std::uint64_t> numbers) { static_cast<void>(numbers); }

    /// Waits until end() > `number` or `timeout_ms` have passed; true in the first case.
    virtual bool wait(std::uint64_t number, int timeout_ms) = 0;
};

/// Where one event is found, decoded: the record and its envelope.
struct StoredEvent {
    std::string record;
    Envelope envelope;
};

/// Reads one event out of a log. `find_dictionary` as BlockReader::open takes it. Blocks for disk reads.
Result<StoredEvent> read_event(EventLog& log, const FindDictionary& find_dictionary, std::uint64_t number);

}  // namespace cairn
