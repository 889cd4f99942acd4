#include "journal/frame.h"

#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace cairn::journal {

namespace {

// Offsets of the header's fields, as docs/format/journal.md draws them.
enum At : std::size_t {
    at_magic = 0,
    at_version = 4,
    at_retention = 6,
    at_flags = 7,
    at_generation = 8,
    at_sequence = 16,
    at_durable_sequence = 24,
    at_first_number = 32,
    at_event_count = 40,
    at_block_bytes = 44,
    at_raw_bytes = 48,
    at_link_bytes = 52,
    at_ingest_ms = 56,
    at_newest_ms = 64,
    at_chain_before = 72,
    at_chain = 104,
    at_body_crc = 136,
    at_header_crc = 140,
};

void write_header(char* out, const FrameHeader& header) {
    store(out + at_magic, frame_magic);
    store(out + at_version, header.version);
    store(out + at_retention, static_cast<std::uint8_t>(header.retention));
    store(out + at_flags, header.flags);
    store(out + at_generation, header.generation);
    store(out + at_sequence, header.sequence);
    store(out + at_durable_sequence, header.durable_sequence);
    store(out + at_first_number, header.first_number);
    store(out + at_event_count, header.event_count);
    store(out + at_block_bytes, header.block_bytes);
    store(out + at_raw_bytes, header.raw_bytes);
    store(out + at_link_bytes, header.link_bytes);
    store(out + at_ingest_ms, header.ingest_ms);
    store(out + at_newest_ms, header.newest_ms);
    std::memcpy(out + at_chain_before, header.chain_before.data(), header.chain_before.size());
    std::memcpy(out + at_chain, header.chain.data(), header.chain.size());
    store(out + at_body_crc, header.body_crc);
    store(out + at_header_crc, crc32c(std::string_view(out, at_header_crc)));
}

bool lengths_are_possible(const FrameHeader& header) {
    return header.event_count > 0 && header.event_count <= block_events_max && header.block_bytes <= block_bytes_max &&
           header.link_bytes <= header.event_count * sizeof(MergedLink) &&
           static_cast<std::size_t>(header.retention) < retention_class_count;
}

}  // namespace

void append_frame(std::string& out, FrameHeader header, std::span<const Fingerprint> fingerprints,
                  std::string_view block, std::span<const MergedLink> links) {
    header.event_count = static_cast<std::uint32_t>(fingerprints.size());
    header.block_bytes = static_cast<std::uint32_t>(block.size());
    header.link_bytes = static_cast<std::uint32_t>(links.size_bytes());
    CAIRN_CHECK(lengths_are_possible(header));

    const auto begin = out.size();
    out.resize(begin + frame_header_bytes);
    out.append(reinterpret_cast<const char*>(fingerprints.data()), fingerprints.size_bytes());
    out.append(block);
    out.append(reinterpret_cast<const char*>(links.data()), links.size_bytes());
    out.resize(begin + header.frame_bytes());
    header.body_crc = crc32c(std::string_view(out).substr(begin + frame_header_bytes));
    write_header(out.data() + begin, header);
}

void add_frame_flags(char* frame, std::uint8_t flags) {
    store(frame + at_flags, static_cast<std::uint8_t>(load<std::uint8_t>(frame + at_flags) | flags));
    store(frame + at_header_crc, crc32c(std::string_view(frame, at_header_crc)));
}

std::optional<FrameHeader> read_frame_header(std::string_view bytes) {
    if (bytes.size() < frame_header_bytes || load<std::uint32_t>(bytes.data()) != frame_magic) return std::nullopt;
    const char* const in = bytes.data();
    if (load<std::uint32_t>(in + at_header_crc) != crc32c(bytes.substr(0, at_header_crc))) return std::nullopt;
    FrameHeader header;
    header.version = load<std::uint16_t>(in + at_version);
    header.retention = static_cast<RetentionClass>(load<std::uint8_t>(in + at_retention));
    header.flags = load<std::uint8_t>(in + at_flags);
    header.generation = load<std::uint64_t>(in + at_generation);
    header.sequence = load<std::uint64_t>(in + at_sequence);
    header.durable_sequence = load<std::uint64_t>(in + at_durable_sequence);
    header.first_number = load<std::uint64_t>(in + at_first_number);
    header.event_count = load<std::uint32_t>(in + at_event_count);
    header.block_bytes = load<std::uint32_t>(in + at_block_bytes);
    header.raw_bytes = load<std::uint32_t>(in + at_raw_bytes);
    header.link_bytes = load<std::uint32_t>(in + at_link_bytes);
    header.ingest_ms = load<std::int64_t>(in + at_ingest_ms);
    header.newest_ms = load<std::int64_t>(in + at_newest_ms);
    std::memcpy(header.chain_before.data(), in + at_chain_before, header.chain_before.size());
    std::memcpy(header.chain.data(), in + at_chain, header.chain.size());
    header.body_crc = load<std::uint32_t>(in + at_body_crc);
    // A newer version may have other lengths: it is shown, so that it can be refused.
    if (header.version == format_version && !lengths_are_possible(header)) return std::nullopt;
    return header;
}

bool begins_frame_of(std::string_view bytes, std::uint64_t generation) {
    return bytes.size() >= at_sequence && load<std::uint32_t>(bytes.data() + at_magic) == frame_magic &&
           load<std::uint64_t>(bytes.data() + at_generation) == generation;
}

bool body_is_whole(const FrameHeader& header, std::string_view bytes) {
    const auto size = header.frame_bytes();
    return size <= bytes.size() &&
           crc32c(bytes.substr(frame_header_bytes, size - frame_header_bytes)) == header.body_crc;
}

bool link_is_right(const FrameHeader& header, std::string_view frame) {
    if ((header.flags & merged) != 0) return true;
    return next_link(header.chain_before, header.first_number, header.event_count, block_of(header, frame)) ==
           header.chain;
}

std::string_view block_of(const FrameHeader& header, std::string_view frame) {
    return frame.substr(header.block_offset(), header.block_bytes);
}

std::span<const Fingerprint> fingerprints_of(const FrameHeader& header, std::string_view frame) {
    const char* const begin = frame.data() + frame_header_bytes;
    CAIRN_CHECK(reinterpret_cast<std::uintptr_t>(begin) % alignof(Fingerprint) == 0);
    return {reinterpret_cast<const Fingerprint*>(begin), header.event_count};
}

std::vector<MergedLink> links_of(const FrameHeader& header, std::string_view frame) {
    std::vector<MergedLink> links(header.link_bytes / sizeof(MergedLink));
    std::memcpy(links.data(), frame.data() + header.block_offset() + header.block_bytes,
                links.size() * sizeof(MergedLink));
    return links;
}

std::optional<std::size_t> find_frame(std::string_view bytes, std::size_t offset,
                                      std::optional<std::uint64_t> generation, std::uint64_t sequence_min) {
    for (offset = (offset + 7) & ~std::size_t{7}; offset + frame_header_bytes <= bytes.size(); offset += 8) {
        if (load<std::uint32_t>(bytes.data() + offset) != frame_magic) continue;
        const auto header = read_frame_header(bytes.substr(offset));
        if (header && header->sequence >= sequence_min && (!generation || header->generation == *generation))
            return offset;
    }
    return std::nullopt;
}

}  // namespace cairn::journal
