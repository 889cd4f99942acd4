#include "event/envelope.h"

#include "base/bytes.h"

namespace cairn {

namespace {

constexpr std::uint8_t version = 1;  // what this writer writes
constexpr std::uint8_t oldest_reader =
    1;  // the oldest version whose reader understands the rest after skipping the end
constexpr std::uint8_t conflict_flag = 1;

}  // namespace

std::string encode_envelope(const Envelope& envelope) {
    std::string out;
    append(out, version);
    append(out, oldest_reader);
    append(out, static_cast<std::uint8_t>(envelope.inlet));
    append(out, envelope.conflict ? conflict_flag : std::uint8_t{0});
    append(out, to_milliseconds(envelope.ingest_time));
    append_varint(out, envelope.sequence);
    append_text(out, envelope.writer);
    append_text(out, envelope.gateway);
    append_text(out, envelope.evidence);
    return out;
}

Result<Envelope> decode_envelope(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto written = reader.integer<std::uint8_t>();
    const auto needed = reader.integer<std::uint8_t>();
    if (!reader.ok() || written == 0 || needed == 0 || needed > written)
        return fail(Code::corrupt, "envelope without a version");
    if (needed > version)
        return fail(Code::corrupt, "envelope needs a reader of format version " + std::to_string(needed) +
                                       ", this one reads up to " + std::to_string(version));

    const auto inlet = reader.integer<std::uint8_t>();
    const auto flags = reader.integer<std::uint8_t>();
    Envelope envelope;
    envelope.ingest_time = from_milliseconds(reader.integer<std::int64_t>());
    envelope.inlet = static_cast<Inlet>(inlet);
    envelope.conflict = (flags & conflict_flag) != 0;
    envelope.sequence = reader.varint();
    envelope.writer = reader.text();
    envelope.gateway = reader.text();
    envelope.evidence = reader.text();
    if (!reader.ok()) return fail(Code::corrupt, "envelope ends early");

    const bool unknown_parts = (flags & ~conflict_flag) != 0 || !reader.rest().empty();
    if (inlet > static_cast<std::uint8_t>(Inlet::derived) || (written == version && unknown_parts))
        return fail(Code::corrupt, "envelope holds values its version does not know");
    return envelope;
}

}  // namespace cairn
