#include "gateway/intent_frame.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "gateway/spool_frame.h"

namespace cairn::gateway {

namespace {

constexpr std::string_view magic = "CAIRNINT";
constexpr std::uint32_t intent_version = 1;

std::string_view bytes_of(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::uint32_t checksum(const Uuid& id, std::string_view records) {
    const auto size = static_cast<std::uint32_t>(records.size());
    const std::string_view size_bytes(reinterpret_cast<const char*>(&size), sizeof size);
    return crc32c(size_bytes, crc32c(records, crc32c(bytes_of(id))));
}

}  // namespace

std::string intent_header() {
    std::string out(magic);
    append(out, intent_version);
    append(out, crc32c(out));
    return out;
}

Result<void> check_intent_header(std::string_view bytes) {
    if (bytes.size() < intent_header_bytes || !bytes.starts_with(magic) ||
        load<std::uint32_t>(bytes.data() + 12) != crc32c(bytes.substr(0, 12)))
        return fail(Code::corrupt, "this is no file of intents");
    if (const auto version = load<std::uint32_t>(bytes.data() + 8); version != intent_version)
        return fail(Code::corrupt,
                    fmt::format("this file of intents has version {}; version {} is known", version, intent_version));
    return {};
}

void append_intent_frame(std::string& out, const Uuid& id, std::span<const GatewayRecord> records) {
    std::string bytes;
    for (const auto& record : records) append_spool_frame(bytes, {record.text, record.evidence, record.sequence});
    append(out, static_cast<std::uint32_t>(bytes.size()));
    append(out, checksum(id, bytes));
    out.append(bytes_of(id)).append(bytes);
}

std::optional<IntentFrame> take_intent_frame(std::string_view& bytes) {
    ByteReader reader(bytes);
    const auto size = reader.integer<std::uint32_t>(), crc = reader.integer<std::uint32_t>();
    const auto id = reader.take(16);
    if (!reader.ok() || size > intent_records_bytes_max) return std::nullopt;
    IntentFrame frame;
    std::ranges::copy(id, frame.id.bytes.begin());
    frame.records = reader.take(size);
    if (!reader.ok() || checksum(frame.id, frame.records) != crc) return std::nullopt;
    bytes = reader.rest();
    return frame;
}

std::vector<GatewayRecord> read_intent_records(std::string_view records) {
    std::vector<GatewayRecord> read;
    while (const auto frame = take_spool_frame(records, spool_version))
        read.push_back({std::string(frame->record), std::string(frame->evidence), frame->sequence});
    return read;
}

}  // namespace cairn::gateway
