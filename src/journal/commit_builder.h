#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/block.h"
#include "journal/block_entry.h"
#include "seam/event_log.h"

namespace cairn::journal {

/// Where the next frame goes.
struct FramePosition {
    std::uint64_t generation = 0;
    std::uint64_t sequence = 0;
    std::uint64_t number = 0;
    Chain chain{};
};

/// Turns batches into the bytes of one group commit. Small inputs that come as records are joined with their neighbours
/// of the same class into one block. Keeps its buffers from commit to commit; used by one thread.
class CommitBuilder {
public:
    explicit CommitBuilder(std::function<BlockCodec()> codec) : codec_(std::move(codec)) {}

    /// At least as many bytes as a batch will take in the journal.
    static std::uint64_t bytes_at_most(const Batch& batch);

    void begin(const FramePosition& position, std::int64_t now_ms);
    void add(Batch& batch);

    /// Pads to whole pages and marks the last frame.
    void finish();

    std::string_view bytes() const { return buffer_; }
    /// Offsets are those in bytes().
    std::span<const BlockEntry> entries() const { return entries_; }
    const FramePosition& end() const { return position_; }
    std::int64_t newest_ms() const { return newest_ms_; }

private:
    struct Run {
        std::unique_ptr<BlockBuilder> builder;
        std::uint64_t first_number = 0;
        std::vector<Fingerprint> fingerprints;
        std::int64_t newest_ms = 0;
        bool ends_batch = false;
    };

    void add_records(BlockInput& input, bool ends_batch);
    void flush_run();
    void put(RetentionClass retention, std::uint64_t first_number, std::span<const Fingerprint> fingerprints,
             std::string_view block, std::uint32_t raw_bytes, std::int64_t newest_ms, std::uint8_t flags);

    const std::function<BlockCodec()> codec_;
    std::string buffer_;
    std::vector<BlockEntry> entries_;
    FramePosition position_;
    std::uint64_t durable_sequence_ = 0;
    std::int64_t now_ms_ = 0;
    std::int64_t newest_ms_ = 0;
    Run run_;
    RetentionClass run_retention_ = RetentionClass::management;
    std::array<std::unique_ptr<BlockBuilder>, retention_class_count> builders_;
};

}  // namespace cairn::journal
