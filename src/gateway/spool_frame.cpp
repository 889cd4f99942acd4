#include "gateway/spool_frame.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::gateway {

namespace {

constexpr std::string_view magic = "CAIRNSPL";

std::string_view bytes_of(const auto& integer) { return {reinterpret_cast<const char*>(&integer), sizeof integer}; }

std::uint32_t checksum(const SpoolFrame& frame, std::uint32_t version) {
    auto crc = crc32c(frame.record, crc32c(bytes_of(frame.sequence)));
    if (version == 1) return crc;
    const auto record_size = static_cast<std::uint32_t>(frame.record.size());
    return crc32c(bytes_of(record_size), crc32c(frame.evidence, crc));
}

}  // namespace

std::string spool_header() {
    std::string out(magic);
    append(out, spool_version);
    append(out, crc32c(out));
    return out;
}

Result<std::uint32_t> check_spool_header(std::string_view bytes) {
    if (bytes.size() < spool_header_bytes || !bytes.starts_with(magic) ||
        load<std::uint32_t>(bytes.data() + 12) != crc32c(bytes.substr(0, 12)))
        return fail(Code::corrupt, "this is no spool file");
    const auto version = load<std::uint32_t>(bytes.data() + 8);
    if (version == 0 || version > spool_version)
        return fail(Code::corrupt,
                    fmt::format("this spool file has version {}; versions up to {} are known", version, spool_version));
    return version;
}

void append_spool_frame(std::string& out, const SpoolFrame& frame) {
    append(out, static_cast<std::uint32_t>(frame.record.size()));
    append(out, checksum(frame, spool_version));
    append(out, frame.sequence);
    append(out, static_cast<std::uint32_t>(frame.evidence.size()));
    out.append(frame.record).append(frame.evidence);
}

std::optional<SpoolFrame> take_spool_frame(std::string_view& bytes, std::uint32_t version) {
    ByteReader reader(bytes);
    const auto size = reader.integer<std::uint32_t>(), crc = reader.integer<std::uint32_t>();
    SpoolFrame frame;
    frame.sequence = reader.integer<std::uint64_t>();
    const auto evidence_size = version == 1 ? 0 : reader.integer<std::uint32_t>();
    if (!reader.ok() || size == 0 || size > spool_text_bytes_max || evidence_size > spool_text_bytes_max)
        return std::nullopt;
    frame.record = reader.take(size);
    frame.evidence = reader.take(evidence_size);
    if (!reader.ok() || checksum(frame, version) != crc) return std::nullopt;
    bytes = reader.rest();
    return frame;
}

}  // namespace cairn::gateway
