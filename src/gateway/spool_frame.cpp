#include "gateway/spool_frame.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::gateway {

namespace {

constexpr std::string_view magic = "CAIRNSPL";
constexpr std::uint32_t version = 1;

std::uint32_t checksum(std::string_view record, std::uint64_t sequence) {
    return crc32c(record, crc32c({reinterpret_cast<const char*>(&sequence), sizeof sequence}));
}

}  // namespace

std::string spool_header() {
    std::string out(magic);
    append(out, version);
    append(out, crc32c(out));
    return out;
}

Result<void> check_spool_header(std::string_view bytes) {
    if (bytes.size() < spool_header_bytes || !bytes.starts_with(magic) ||
        load<std::uint32_t>(bytes.data() + 12) != crc32c(bytes.substr(0, 12)))
        return fail(Code::corrupt, "this is no spool file");
    if (const auto found = load<std::uint32_t>(bytes.data() + 8); found != version)
        return fail(Code::corrupt, fmt::format("this spool file has version {}; version {} is known", found, version));
    return {};
}

void append_spool_frame(std::string& out, std::string_view record, std::uint64_t sequence) {
    append(out, static_cast<std::uint32_t>(record.size()));
    append(out, checksum(record, sequence));
    append(out, sequence);
    out.append(record);
}

std::optional<SpoolFrame> take_spool_frame(std::string_view& bytes) {
    ByteReader reader(bytes);
    const auto size = reader.integer<std::uint32_t>(), crc = reader.integer<std::uint32_t>();
    const auto sequence = reader.integer<std::uint64_t>();
    if (!reader.ok() || size == 0 || size > spool_record_bytes_max) return std::nullopt;
    const auto record = reader.take(size);
    if (!reader.ok() || checksum(record, sequence) != crc) return std::nullopt;
    bytes = reader.rest();
    return SpoolFrame{record, sequence};
}

}  // namespace cairn::gateway
