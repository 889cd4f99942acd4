#include "journal/merge.h"

#include <algorithm>

namespace cairn::journal {

namespace {

Result<void> add_block(BlockBuilder& builder, const SealedFrame& frame, const FindDictionary& find_dictionary) {
    const auto reader = BlockReader::open(block_of(frame.header, frame.bytes), find_dictionary);
    if (!reader) return fail(reader.error());
    BlockReader::Records records;
    std::uint32_t ordinal = 0;
    for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
        CAIRN_TRY(reader->read_sub_block(i, records));
        for (std::size_t record = 0; record < records.ends.size(); ++record) {
            const auto envelope = reader->envelope(ordinal++);
            if (!envelope) return fail(envelope.error());
            builder.add(records.record(record), *envelope);
        }
    }
    if (ordinal != frame.header.event_count) return fail(Code::corrupt, "block with another number of events");
    return {};
}

void append_links(std::vector<MergedLink>& links, const SealedFrame& frame) {
    if ((frame.header.flags & merged) != 0) {
        const auto older = links_of(frame.header, frame.bytes);
        links.insert(links.end(), older.begin(), older.end());
    } else {
        links.push_back({frame.header.first_number, frame.header.event_count, 0, frame.header.chain});
    }
}

}  // namespace

SealedFrame inspect_frame(const FrameHeader& header, std::string_view frame, const FindDictionary& find_dictionary) {
    SealedFrame sealed{header, frame, 0, 0};
    if (const auto reader = BlockReader::open(block_of(header, frame), find_dictionary)) {
        sealed.raw_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(reader->raw_bytes(), UINT32_MAX));
        sealed.dictionary_id = reader->dictionary_id();
    }
    return sealed;
}

bool may_join(std::span<const SealedFrame> run, const SealedFrame& next, const MergeLimits& limits) {
    const auto small = [&](const SealedFrame& frame) {
        return frame.raw_bytes > 0 && frame.raw_bytes < limits.small_bytes;
    };
    if (!small(next)) return false;
    if (run.empty()) return true;
    std::uint64_t together = next.raw_bytes;
    for (const auto& frame : run) together += frame.raw_bytes;
    const auto& last = run.back().header;
    return together <= limits.joined_bytes && last.retention == next.header.retention &&
           day_of(last.ingest_ms) == day_of(next.header.ingest_ms) && last.end_number() == next.header.first_number &&
           last.chain == next.header.chain_before;
}

Result<std::string> join_frames(std::span<const SealedFrame> run, const FindDictionary& find_dictionary,
                                const BlockCodec& codec) {
    FrameHeader header = run.front().header;
    BlockBuilder builder(header.retention);
    std::vector<Fingerprint> fingerprints;
    std::vector<MergedLink> links;
    header.raw_bytes = 0;
    for (const auto& frame : run) {
        CAIRN_TRY(add_block(builder, frame, find_dictionary));
        const auto part = fingerprints_of(frame.header, frame.bytes);
        fingerprints.insert(fingerprints.end(), part.begin(), part.end());
        append_links(links, frame);
        header.newest_ms = std::max(header.newest_ms, frame.header.newest_ms);
        header.raw_bytes += frame.raw_bytes;
    }
    header.flags = merged | ends_batch;
    header.chain = run.back().header.chain;
    const auto block = builder.finish(codec);
    std::string out;
    append_frame(out, header, fingerprints, block, links);
    return out;
}

}  // namespace cairn::journal
