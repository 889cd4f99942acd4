#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/block.h"
#include "event/block_format.h"
#include "event/compression.h"
#include "event/packed_search.h"
#include "event/uuid_packing.h"

namespace cairn {

namespace {

using namespace block_format;

struct SubBlock {
    std::uint64_t offset = 0;  ///< from the first byte of the block
    std::uint32_t bytes = 0;
    std::uint32_t first = 0;  ///< ordinal of its first event
    std::uint32_t uuids = 0;
};

/// A sub-block, decompressed but still packed. The views hold until the thread decodes the next one.
struct Packed {
    std::string_view lengths, text, uuids;
};

std::unexpected<Error> damaged_header(const char* what) {
    return fail(Code::corrupt, std::string("block header is damaged: ") + what);
}

}  // namespace

struct BlockReader::State {
    std::string_view block;
    DictionaryPointer dictionary;
    RetentionClass retention{};
    std::uint32_t event_count = 0;
    std::uint64_t raw_bytes = 0;
    std::uint32_t dictionary_id = 0;
    std::vector<SubBlock> sub_blocks;
    std::string_view runs;  ///< the envelopes, checked when asked for

    std::uint32_t events_of(std::uint32_t sub_block) const {
        const bool last = sub_block + 1 == sub_blocks.size();
        return (last ? event_count : sub_blocks[sub_block + 1].first) - sub_blocks[sub_block].first;
    }

    std::uint32_t sub_block_of(std::uint32_t ordinal) const {
        const auto next = std::ranges::upper_bound(sub_blocks, ordinal, {}, &SubBlock::first);
        return static_cast<std::uint32_t>(next - sub_blocks.begin() - 1);
    }

    std::unexpected<Error> damaged(std::uint32_t sub_block, const std::string& what) const {
        const auto& place = sub_blocks[sub_block];
        return fail(Code::corrupt, "sub-block " + std::to_string(sub_block) + " (offset " +
                                       std::to_string(place.offset) + ", events " + std::to_string(place.first) +
                                       " to " + std::to_string(place.first + events_of(sub_block) - 1) + ") " + what);
    }

    Result<void> read_table(ByteReader& reader, std::size_t header_bytes, std::uint32_t count);
    Result<Packed> decode(std::uint32_t sub_block, std::string& content) const;
    Result<void> restore(std::uint32_t sub_block, BlockReader::Records& out) const;
};

Result<void> BlockReader::State::read_table(ByteReader& reader, std::size_t header_bytes, std::uint32_t count) {
    if (count > reader.rest().size()) return damaged_header("more sub-blocks than fit");
    sub_blocks.reserve(count);
    std::uint64_t offset = header_bytes, first = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t bytes = reader.varint(), events = reader.varint(), uuids = reader.varint();
        if (!reader.ok() || bytes > sub_block_bytes_max || events == 0 || events > event_count - first ||
            uuids * uuid_packed_size + sub_block_crc_bytes > bytes)
            return damaged_header("sub-block table");
        sub_blocks.push_back({offset, static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(first),
                              static_cast<std::uint32_t>(uuids)});
        offset += bytes;
        first += events;
    }
    if (first != event_count) return damaged_header("sub-block table does not cover all events");
    if (offset < block.size()) return damaged_header("bytes after the last sub-block");
    return {};
}

Result<BlockReader> BlockReader::open(std::string_view block, const FindDictionary& find) {
    if (block.size() < fixed_bytes) return fail(Code::corrupt, "block ends within its header");
    const char* const header = block.data();
    if (load<std::uint32_t>(header + magic_at) != magic) return fail(Code::corrupt, "not a block: wrong magic");
    const auto header_bytes = load<std::uint32_t>(header + header_bytes_at);
    if (header_bytes < fixed_bytes || header_bytes > block.size())
        return fail(Code::corrupt, "block ends within its header");
    const auto whole_header = block.substr(0, header_bytes);
    if (crc32c(whole_header.substr(version_at)) != load<std::uint32_t>(header + header_crc_at))
        return damaged_header("wrong CRC");
    const auto written = load<std::uint8_t>(header + version_at);
    if (written > version)
        return fail(Code::unavailable, "block has format version " + std::to_string(written) +
                                           ", this reader knows versions up to " + std::to_string(version));

    auto state = std::make_unique<State>();
    state->block = block;
    state->event_count = load<std::uint32_t>(header + event_count_at);
    state->raw_bytes = load<std::uint64_t>(header + raw_bytes_at);
    state->dictionary_id = load<std::uint32_t>(header + dictionary_at);
    const auto retention = load<std::uint8_t>(header + retention_at);
    if (written == 0 || retention >= retention_class_count || load<std::uint16_t>(header + reserved_at) != 0)
        return damaged_header("unknown values");
    state->retention = static_cast<RetentionClass>(retention);
    if (const auto key = load<std::uint32_t>(header + key_at); key != 0)
        return fail(Code::unavailable, "block is encrypted with key " + std::to_string(key));

    ByteReader reader(whole_header.substr(fixed_bytes));
    CAIRN_TRY(state->read_table(reader, header_bytes, load<std::uint32_t>(header + sub_block_count_at)));
    state->runs = reader.rest();
    if (state->dictionary_id != 0) {
        state->dictionary = find ? find(state->dictionary_id) : nullptr;
        if (state->dictionary == nullptr)
            return fail(Code::unavailable, "dictionary " + std::to_string(state->dictionary_id) + " is not there");
        if (!is_usable(*state->dictionary))
            return fail(Code::corrupt, "dictionary " + std::to_string(state->dictionary_id) + " is damaged");
    }
    return BlockReader(std::move(state));
}

BlockReader::BlockReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlockReader::BlockReader(BlockReader&&) noexcept = default;
BlockReader& BlockReader::operator=(BlockReader&&) noexcept = default;
BlockReader::~BlockReader() = default;

RetentionClass BlockReader::retention() const { return state_->retention; }
std::uint32_t BlockReader::event_count() const { return state_->event_count; }
std::uint64_t BlockReader::raw_bytes() const { return state_->raw_bytes; }
std::uint32_t BlockReader::dictionary_id() const { return state_->dictionary_id; }
std::uint32_t BlockReader::sub_block_count() const { return static_cast<std::uint32_t>(state_->sub_blocks.size()); }
std::uint32_t BlockReader::first_of(std::uint32_t sub_block) const { return state_->sub_blocks[sub_block].first; }

Result<Packed> BlockReader::State::decode(std::uint32_t sub_block, std::string& content) const {
    const auto& place = sub_blocks[sub_block];
    if (place.offset + place.bytes > block.size()) return damaged(sub_block, "is cut off");
    const auto stored = block.substr(place.offset, place.bytes);
    const auto covered = stored.substr(sub_block_crc_bytes);
    if (crc32c(covered) != load<std::uint32_t>(stored.data())) return damaged(sub_block, "has a wrong CRC");

    const std::size_t uuid_bytes = std::size_t{place.uuids} * uuid_packed_size;
    const auto frame = covered.substr(0, covered.size() - uuid_bytes);
    if (const auto done = decompress_frame(frame, dictionary.get(), sub_block_bytes_max, content); !done)
        return damaged(sub_block, done.error().message);

    ByteReader reader(content);
    for (std::uint32_t i = 1; i < events_of(sub_block); ++i) reader.varint();
    if (!reader.ok()) return damaged(sub_block, "ends within its lengths");
    const std::size_t lengths = content.size() - reader.rest().size();
    return Packed{std::string_view(content).substr(0, lengths), reader.rest(), covered.substr(frame.size())};
}

Result<void> BlockReader::State::restore(std::uint32_t sub_block, Records& out) const {
    thread_local std::string content;
    const auto packed = decode(sub_block, content);
    if (!packed) return fail(packed.error());

    const std::size_t size = packed->text.size() + packed->uuids.size() / uuid_packed_size * (uuid_text_size - 1);
    bool restored = false;
    out.text.resize_and_overwrite(size + RecordParser::padding, [&](char* data, std::size_t) {
        restored = restore_uuids(packed->text, packed->uuids, data);
        std::memset(data + size, 0, RecordParser::padding);
        return size + RecordParser::padding;
    });
    if (!restored) return damaged(sub_block, "has another number of UUIDs than its header says");

    const std::uint32_t count = events_of(sub_block);
    out.ends.clear();
    ByteReader lengths(packed->lengths);
    std::uint64_t end = 0;
    for (std::uint32_t i = 1; i < count; ++i) {
        const auto length = lengths.varint();
        if (length > size - end) return damaged(sub_block, "has lengths beyond its text");
        end += length;
        out.ends.push_back(static_cast<std::uint32_t>(end));
    }
    out.ends.push_back(static_cast<std::uint32_t>(size));
    return {};
}

Result<void> BlockReader::read_sub_block(std::uint32_t sub_block, Records& out) const {
    if (sub_block >= state_->sub_blocks.size()) return fail(Code::not_found, "block has no such sub-block");
    return state_->restore(sub_block, out);
}

Result<std::string> BlockReader::record(std::uint32_t ordinal) const {
    if (ordinal >= state_->event_count) return fail(Code::not_found, "block has no such event");
    thread_local Records records;
    const auto sub_block = state_->sub_block_of(ordinal);
    CAIRN_TRY(state_->restore(sub_block, records));
    return std::string(records.record(ordinal - state_->sub_blocks[sub_block].first));
}

Result<Envelope> BlockReader::envelope(std::uint32_t ordinal) const {
    if (ordinal >= state_->event_count) return fail(Code::not_found, "block has no such event");
    ByteReader reader(state_->runs);
    std::string bytes;
    std::uint64_t left = ordinal;
    for (std::uint64_t runs = reader.varint(); runs > 0; --runs) {
        const std::uint64_t events = reader.varint(), front = reader.varint(), back = reader.varint();
        const auto middle = reader.text();
        if (!reader.ok() || front > bytes.size() || back > bytes.size() - front) return damaged_header("envelopes");
        bytes.replace(front, bytes.size() - front - back, middle);
        if (left < events) return decode_envelope(bytes);
        left -= events;
    }
    return damaged_header("envelopes do not cover all events");
}

Result<bool> BlockReader::may_contain(std::uint32_t sub_block, std::span<const PackedTerm> any_of) const {
    if (sub_block >= state_->sub_blocks.size()) return fail(Code::not_found, "block has no such sub-block");
    thread_local std::string content;
    const auto packed = state_->decode(sub_block, content);
    if (!packed) return fail(packed.error());
    return std::ranges::any_of(any_of,
                               [&](const PackedTerm& term) { return term.may_be_in(packed->text, packed->uuids); });
}

}  // namespace cairn
