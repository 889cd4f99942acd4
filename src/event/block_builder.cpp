#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "event/block.h"
#include "event/block_format.h"
#include "event/compression.h"
#include "event/uuid_packing.h"

namespace cairn {

namespace {

using namespace block_format;

struct Entry {
    std::uint32_t raw_bytes = 0;
    std::uint32_t packed_bytes = 0;
    std::uint32_t uuids = 0;
    bool plain = false;  ///< holds the marker byte itself: kept as it is, in a sub-block of its own
};

struct Run {
    std::uint32_t events = 0;
    std::string envelope;
};

struct Part {
    std::size_t bytes = 0, events = 0, uuids = 0;
};

std::size_t common_front(std::string_view one, std::string_view other) {
    std::size_t n = 0;
    while (n < one.size() && n < other.size() && one[n] == other[n]) ++n;
    return n;
}

/// Envelopes of one block differ in little but the time: each is written as what is new between the front and the
/// back it shares with the one before.
void append_runs(std::string& out, const std::vector<Run>& runs) {
    append_varint(out, runs.size());
    std::string_view before;
    for (const auto& run : runs) {
        const std::string_view now = run.envelope;
        const std::size_t front = common_front(now, before);
        std::size_t back = 0;
        while (back < now.size() - front && back < before.size() - front &&
               now[now.size() - 1 - back] == before[before.size() - 1 - back])
            ++back;
        append_varint(out, run.events);
        append_varint(out, front);
        append_varint(out, back);
        append_text(out, now.substr(front, now.size() - front - back));
        before = now;
    }
}

}  // namespace

struct BlockBuilder::State {
    RetentionClass retention{};
    std::string packed, uuids;
    std::vector<Entry> entries;
    std::vector<Run> runs;
    Envelope newest;  ///< that of the last run
    std::uint64_t raw_bytes = 0;

    std::string content, body;  ///< scratch of finish()

    void clear() {
        packed.clear();
        uuids.clear();
        entries.clear();
        runs.clear();
        raw_bytes = 0;
    }

    /// How many entries from `begin` on make up one sub-block.
    std::size_t sub_block_end(std::size_t begin, std::size_t bytes_wanted) const {
        std::size_t bytes = 0, end = begin;
        do {
            bytes += entries[end].raw_bytes;
            if (entries[end++].plain) break;
        } while (end < entries.size() && !entries[end].plain && bytes < bytes_wanted);
        return end;
    }
};

BlockBuilder::BlockBuilder(RetentionClass retention) : state_(std::make_unique<State>()) {
    state_->retention = retention;
}
BlockBuilder::~BlockBuilder() = default;
BlockBuilder::BlockBuilder(BlockBuilder&&) noexcept = default;
BlockBuilder& BlockBuilder::operator=(BlockBuilder&&) noexcept = default;

void BlockBuilder::add(std::string_view record, const Envelope& envelope) {
    auto& state = *state_;
    CAIRN_CHECK(record.size() <= sub_block_bytes_max / 2);
    const std::size_t packed_before = state.packed.size(), uuids_before = state.uuids.size();
    const bool plain = record.find(uuid_marker) != std::string_view::npos;
    if (plain)
        state.packed.append(record);
    else
        pack_uuids(record, state.packed, state.uuids);
    state.entries.push_back(
        {static_cast<std::uint32_t>(record.size()), static_cast<std::uint32_t>(state.packed.size() - packed_before),
         static_cast<std::uint32_t>((state.uuids.size() - uuids_before) / uuid_packed_size), plain});
    state.raw_bytes += record.size();

    if (state.runs.empty() || !(state.newest == envelope)) {
        state.runs.push_back({0, encode_envelope(envelope)});
        state.newest = envelope;
    }
    ++state.runs.back().events;
}

std::size_t BlockBuilder::event_count() const { return state_->entries.size(); }
std::size_t BlockBuilder::raw_bytes() const { return state_->raw_bytes; }

std::string BlockBuilder::finish(const BlockCodec& codec) {
    auto& state = *state_;
    const Dictionary* dictionary = codec.dictionary.get();
    if (dictionary != nullptr && !is_usable(*dictionary)) dictionary = nullptr;

    auto& body = state.body;
    body.clear();
    std::vector<Part> parts;
    std::size_t packed_at = 0, uuids_at = 0;
    for (std::size_t begin = 0; begin < state.entries.size();) {
        const std::size_t end = state.sub_block_end(begin, std::min(codec.sub_block_bytes, sub_block_bytes_max / 2));
        auto& content = state.content;
        content.clear();
        Part part{body.size(), end - begin, 0};
        std::size_t packed_bytes = 0;
        for (std::size_t i = begin; i < end; ++i) {
            if (i + 1 < end) append_varint(content, state.entries[i].raw_bytes);  // the last takes the rest
            packed_bytes += state.entries[i].packed_bytes;
            part.uuids += state.entries[i].uuids;
        }
        content.append(state.packed, packed_at, packed_bytes);
        packed_at += packed_bytes;

        append(body, std::uint32_t{0});
        compress_frame(content, codec.level, dictionary, body);
        body.append(state.uuids, uuids_at, part.uuids * uuid_packed_size);
        uuids_at += part.uuids * uuid_packed_size;
        store(body.data() + part.bytes, crc32c(std::string_view(body).substr(part.bytes + sub_block_crc_bytes)));
        part.bytes = body.size() - part.bytes;
        parts.push_back(part);
        begin = end;
    }

    std::string out(fixed_bytes, '\0');
    out.reserve(fixed_bytes + 8 * parts.size() + 256 * state.runs.size() + body.size());
    for (const auto& part : parts) {
        append_varint(out, part.bytes);
        append_varint(out, part.events);
        append_varint(out, part.uuids);
    }
    append_runs(out, state.runs);

    char* const header = out.data();
    store(header + magic_at, magic);
    store(header + header_bytes_at, static_cast<std::uint32_t>(out.size()));
    store(header + version_at, version);
    store(header + retention_at, static_cast<std::uint8_t>(state.retention));
    store(header + event_count_at, static_cast<std::uint32_t>(state.entries.size()));
    store(header + sub_block_count_at, static_cast<std::uint32_t>(parts.size()));
    store(header + raw_bytes_at, state.raw_bytes);
    store(header + dictionary_at, dictionary == nullptr ? std::uint32_t{0} : dictionary->id());
    store(header + header_crc_at, crc32c(std::string_view(out).substr(version_at)));
    out.append(body);
    state.clear();
    return out;
}

}  // namespace cairn
