#include "journal/slot.h"

#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace cairn::journal {

namespace {

constexpr std::string_view slot_magic = "CAIRNJNL";
constexpr std::size_t crc_at = 72;

}  // namespace

std::string encode_slot_header(const SlotHeader& header) {
    std::string page(slot_magic);
    append(page, format_version);
    page.resize(16);
    append(page, header.generation);
    append(page, header.first_sequence);
    append(page, header.first_number);
    page.append(reinterpret_cast<const char*>(header.chain.data()), header.chain.size());
    CAIRN_CHECK(page.size() == crc_at);
    append(page, crc32c(page));
    page.resize(page_bytes);
    return page;
}

Result<std::optional<SlotHeader>> read_slot_header(std::string_view bytes, const std::string& path) {
    if (bytes.size() < page_bytes || !bytes.starts_with(slot_magic) ||
        load<std::uint32_t>(bytes.data() + crc_at) != crc32c(bytes.substr(0, crc_at)))
        return std::nullopt;
    ByteReader reader(bytes.substr(slot_magic.size(), crc_at - slot_magic.size()));
    const auto version = reader.integer<std::uint16_t>();
    if (version > format_version)
        return fail(Code::unavailable,
                    fmt::format("{} has format version {}, this cairn reads up to {}", path, version, format_version));
    reader.take(6);
    SlotHeader header;
    header.generation = reader.integer<std::uint64_t>();
    header.first_sequence = reader.integer<std::uint64_t>();
    header.first_number = reader.integer<std::uint64_t>();
    std::memcpy(header.chain.data(), reader.take(header.chain.size()).data(), header.chain.size());
    return header;
}

}  // namespace cairn::journal
