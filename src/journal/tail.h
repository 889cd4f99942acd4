#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "journal/archive.h"
#include "journal/slot.h"
#include "journal/slot_pool.h"

namespace cairn::journal {

/// One generation of a journal file that holds events not yet in the archive.
struct TailFile {
    SlotPointer slot;
    SlotHeader header;
    std::vector<BlockEntry> entries;  // grows while it is open; guarded by Contents
    bool open = false;                // takes frames; guarded by Contents
    std::uint64_t end_sequence = 0;
    std::uint64_t end_number = 0;
    Chain end_chain{};
    std::uint64_t used_bytes = page_bytes;
    std::int64_t newest_ms = 0;
    std::int64_t oldest_ingest_ms = 0;
    std::vector<Finding> losses;  // acknowledged events that are not readable
};
using TailFilePointer = std::shared_ptr<TailFile>;

/// What can be read: archive and hot tail, changed together. Members may be called from any thread.
class Contents {
public:
    void set(ArchiveViewPointer archive, std::deque<TailFilePointer> tail, std::vector<Finding> losses,
             std::uint64_t sealed_number, std::uint64_t end_number);

    /// A new journal file after the newest one, which takes no more frames. With null: only that.
    void roll(TailFilePointer file);

    /// Events that have just become durable in the newest file.
    void commit(std::span<const BlockEntry> entries, std::uint64_t offset, std::uint64_t used_bytes, const Chain& chain,
                std::int64_t newest_ms, std::int64_t ingest_ms);

    /// The oldest journal file is in `archive` now.
    void seal(ArchiveViewPointer archive);
    void replace_archive(ArchiveViewPointer archive);

    /// The oldest journal file that takes no more frames, or null.
    TailFilePointer sealable() const;

    /// When the oldest event of the open journal file came in; nothing when there is none.
    std::optional<std::int64_t> oldest_ingest_ms() const;

    ArchiveViewPointer archive() const;
    std::uint64_t begin() const;
    std::uint64_t end() const;
    std::uint64_t unsealed_bytes() const;
    bool wait(std::uint64_t number, int timeout_ms) const;

    /// Blocks from `from` on in number order; the damaged ones are left out and counted.
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max, std::uint64_t& damaged) const;
    Result<StoredBlock> find(std::uint64_t number) const;
    void expect(std::span<const std::uint64_t> numbers) const;

    /// Every fingerprint from event `from` on, in number order.
    using UseFingerprints = std::function<void(std::uint64_t first_number, std::span<const Fingerprint>)>;
    Result<void> for_each_fingerprint(std::uint64_t from, const UseFingerprints& use) const;

private:
    // With mutex_ held:
    std::vector<StoredBlock> tail_blocks(std::uint64_t from, std::size_t bytes_max) const;
    const Finding* loss_of(std::uint64_t number) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable grown_;
    // Guarded by mutex_:
    ArchiveViewPointer archive_ = std::make_shared<ArchiveView>();
    std::deque<TailFilePointer> tail_;
    std::vector<Finding> losses_;
    std::uint64_t sealed_number_ = 0;
    std::uint64_t end_ = 0;
};

}  // namespace cairn::journal
