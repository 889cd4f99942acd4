#include "journal/commit_builder.h"

#include <algorithm>

#include "base/check.h"
#include "journal/slot.h"

namespace cairn::journal {

namespace {

constexpr std::size_t run_raw_bytes_max = 128 * 1024;
constexpr std::uint64_t block_overhead_bytes = 4096;  // header of a block, its envelopes, padding

std::uint64_t bytes_at_most(const BlockInput& input) {
    std::uint64_t bytes =
        frame_header_bytes + input.fingerprints.size() * sizeof(Fingerprint) + input.encoded.size() + 8;
    if (input.records.empty()) return bytes;
    bytes += block_overhead_bytes;
    // Far more than any block takes: a commit that were larger than this would not fit its file.
    for (const auto& record : input.records) bytes += 2 * record.size() + 256;
    for (const auto& envelope : input.envelopes)
        bytes += 2 * (envelope.writer.size() + envelope.gateway.size() + envelope.evidence.size()) + 256;
    return bytes;
}

}  // namespace

std::uint64_t CommitBuilder::bytes_at_most(const Batch& batch) {
    std::uint64_t bytes = 0;
    for (const auto& input : batch.blocks) bytes += journal::bytes_at_most(input);
    return bytes;
}

void CommitBuilder::begin(const FramePosition& position, std::int64_t now_ms) {
    buffer_.clear();
    entries_.clear();
    position_ = position;
    durable_sequence_ = position.sequence;
    now_ms_ = newest_ms_ = now_ms;
}

void CommitBuilder::add(Batch& batch) {
    for (auto& input : batch.blocks) {
        const bool last = &input == &batch.blocks.back();
        if (!input.records.empty()) {
            add_records(input, last);
            continue;
        }
        flush_run();
        put(input.retention, input.first_number, input.fingerprints, input.encoded, 0, input.newest_ms,
            last ? ends_batch : 0);
    }
}

void CommitBuilder::add_records(BlockInput& input, bool ends_batch) {
    CAIRN_CHECK(input.envelopes.size() == 1 || input.envelopes.size() == input.records.size());
    CAIRN_CHECK(input.fingerprints.size() == input.records.size());
    if (run_.builder && (run_retention_ != input.retention || run_.builder->raw_bytes() >= run_raw_bytes_max))
        flush_run();
    if (!run_.builder) {
        auto& builder = builders_[static_cast<std::size_t>(input.retention)];
        if (!builder) builder = std::make_unique<BlockBuilder>(input.retention);
        run_.builder = std::move(builder);
        run_.first_number = input.first_number;
        run_retention_ = input.retention;
    }
    for (std::size_t i = 0; i < input.records.size(); ++i)
        run_.builder->add(input.records[i], input.envelopes[input.envelopes.size() == 1 ? 0 : i]);
    run_.fingerprints.insert(run_.fingerprints.end(), input.fingerprints.begin(), input.fingerprints.end());
    run_.newest_ms = std::max(run_.newest_ms, input.newest_ms);
    run_.ends_batch = ends_batch;
}

void CommitBuilder::flush_run() {
    if (!run_.builder) return;
    const auto raw_bytes = static_cast<std::uint32_t>(run_.builder->raw_bytes());
    const auto block = run_.builder->finish(codec_());
    put(run_retention_, run_.first_number, run_.fingerprints, block, raw_bytes, run_.newest_ms,
        run_.ends_batch ? ends_batch : 0);
    builders_[static_cast<std::size_t>(run_retention_)] = std::move(run_.builder);
    run_.fingerprints.clear();
    run_.newest_ms = 0;
}

void CommitBuilder::put(RetentionClass retention, std::uint64_t first_number, std::span<const Fingerprint> fingerprints,
                        std::string_view block, std::uint32_t raw_bytes, std::int64_t newest_ms, std::uint8_t flags) {
    CAIRN_CHECK(first_number == position_.number);
    FrameHeader header;
    header.retention = retention;
    header.flags = flags;
    header.generation = position_.generation;
    header.sequence = position_.sequence++;
    header.durable_sequence = durable_sequence_;
    header.first_number = first_number;
    header.event_count = static_cast<std::uint32_t>(fingerprints.size());
    header.raw_bytes = raw_bytes;
    header.ingest_ms = now_ms_;
    header.newest_ms = std::max(now_ms_, newest_ms);
    header.chain_before = position_.chain;
    header.chain = position_.chain = next_link(position_.chain, first_number, header.event_count, block);
    header.block_bytes = static_cast<std::uint32_t>(block.size());
    position_.number += fingerprints.size();
    newest_ms_ = std::max(newest_ms_, header.newest_ms);
    entries_.push_back(entry_of(header, buffer_.size()));
    append_frame(buffer_, header, fingerprints, block);
}

void CommitBuilder::finish() {
    flush_run();
    CAIRN_CHECK(!entries_.empty());
    add_frame_flags(buffer_.data() + entries_.back().offset, ends_commit);
    buffer_.resize((buffer_.size() + page_bytes - 1) / page_bytes * page_bytes);
}

}  // namespace cairn::journal
