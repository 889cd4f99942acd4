#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "journal/archive_file.h"

namespace cairn::journal {

namespace {

constexpr std::string_view header_magic = "CAIRNARC";
constexpr std::string_view trailer_magic = "CAIRNEND";
constexpr std::string_view table_magic = "CAIRNTBL";
constexpr std::size_t header_crc_at = archive_header_bytes - 4;
constexpr std::size_t trailer_crc_at = archive_trailer_bytes - 4;
constexpr std::size_t open_table_header_bytes = 40;

std::unexpected<Error> damaged(const std::string& path, const char* what) {
    return fail(Code::corrupt, fmt::format("{}: {}", path, what));
}

Result<void> check_version(std::uint16_t version, const std::string& path) {
    if (version > format_version)
        return fail(Code::unavailable,
                    fmt::format("{} has format version {}, this cairn reads up to {}", path, version, format_version));
    return {};
}

std::string_view bytes_of(std::span<const BlockEntry> table) {
    return {reinterpret_cast<const char*>(table.data()), table.size_bytes()};
}

}  // namespace

std::string encode_archive_header(RetentionClass retention, std::int64_t day, std::uint64_t first_number) {
    std::string out(header_magic);
    append(out, format_version);
    append(out, static_cast<std::uint8_t>(retention));
    out.resize(16);
    append(out, day);
    append(out, first_number);
    out.resize(header_crc_at);
    append(out, crc32c(out));
    return out;
}

Result<ArchiveHeader> read_archive_header(std::string_view bytes, const std::string& path) {
    if (bytes.size() < archive_header_bytes || !bytes.starts_with(header_magic) ||
        load<std::uint32_t>(bytes.data() + header_crc_at) != crc32c(bytes.substr(0, header_crc_at)))
        return damaged(path, "damaged file header");
    CAIRN_TRY(check_version(load<std::uint16_t>(bytes.data() + 8), path));
    const auto retention = load<std::uint8_t>(bytes.data() + 10);
    if (retention >= retention_class_count) return damaged(path, "unknown retention class");
    return ArchiveHeader{static_cast<RetentionClass>(retention), load<std::int64_t>(bytes.data() + 16),
                         load<std::uint64_t>(bytes.data() + 24)};
}

std::string encode_archive_footer(std::uint64_t offset, std::span<const BlockEntry> table,
                                  std::span<const DictionaryPointer> dictionaries) {
    CAIRN_CHECK(offset % 8 == 0);
    std::string out(bytes_of(table));
    const auto dictionaries_at = offset + out.size();
    for (const auto& dictionary : dictionaries) {
        append(out, dictionary->id());
        append(out, static_cast<std::uint32_t>(dictionary->bytes().size()));
        out.append(dictionary->bytes());
        out.resize((out.size() + 7) / 8 * 8);
    }
    const auto body_crc = crc32c(out);
    std::string trailer(trailer_magic);
    append(trailer, format_version);
    trailer.resize(16);
    append(trailer, offset);
    append(trailer, std::uint64_t{table.size()});
    append(trailer, dictionaries_at);
    append(trailer, static_cast<std::uint32_t>(dictionaries.size()));
    append(trailer, body_crc);
    trailer.resize(trailer_crc_at);
    append(trailer, crc32c(trailer));
    return out + trailer;
}

Result<ArchiveFooter> read_archive_footer(std::string_view bytes, const std::string& path) {
    if (bytes.size() < archive_header_bytes + archive_trailer_bytes) return damaged(path, "too short for its footer");
    const auto trailer_at = bytes.size() - archive_trailer_bytes;
    const auto trailer = bytes.substr(trailer_at);
    if (!trailer.starts_with(trailer_magic) ||
        load<std::uint32_t>(trailer.data() + trailer_crc_at) != crc32c(trailer.substr(0, trailer_crc_at)))
        return damaged(path, "damaged footer");
    CAIRN_TRY(check_version(load<std::uint16_t>(trailer.data() + 8), path));
    const auto table_at = load<std::uint64_t>(trailer.data() + 16);
    const auto blocks = load<std::uint64_t>(trailer.data() + 24);
    const auto dictionaries_at = load<std::uint64_t>(trailer.data() + 32);
    const auto dictionary_count = load<std::uint32_t>(trailer.data() + 40);
    if (table_at % 8 != 0 || table_at > trailer_at || blocks > (trailer_at - table_at) / sizeof(BlockEntry) ||
        dictionaries_at != table_at + blocks * sizeof(BlockEntry))
        return damaged(path, "footer with impossible places");
    if (crc32c(bytes.substr(table_at, trailer_at - table_at)) != load<std::uint32_t>(trailer.data() + 44))
        return damaged(path, "damaged block table");

    ArchiveFooter footer;
    footer.frames_end = table_at;
    footer.table = {reinterpret_cast<const BlockEntry*>(bytes.data() + table_at), blocks};
    ByteReader reader(bytes.substr(dictionaries_at, trailer_at - dictionaries_at));
    for (std::uint32_t i = 0; i < dictionary_count && reader.ok(); ++i) {
        const auto id = reader.integer<std::uint32_t>();
        const auto size = reader.integer<std::uint32_t>();
        footer.dictionaries.emplace_back(id, reader.take(size));
        reader.take((8 - size % 8) % 8);
    }
    if (!reader.ok()) return damaged(path, "footer with impossible dictionaries");
    return footer;
}

std::string encode_open_table(const OpenTable& table) {
    std::string body(bytes_of(table.table));
    for (const auto id : table.dictionary_ids) append(body, id);
    std::string out(table_magic);
    append(out, format_version);
    out.resize(16);
    append(out, table.frames_end);
    append(out, std::uint64_t{table.table.size()});
    append(out, static_cast<std::uint32_t>(table.dictionary_ids.size()));
    append(out, crc32c(body, crc32c(out)));
    return out + body;
}

Result<OpenTable> read_open_table(std::string_view bytes, const std::string& path) {
    if (bytes.size() < open_table_header_bytes || !bytes.starts_with(table_magic))
        return damaged(path, "damaged table");
    const auto body = bytes.substr(open_table_header_bytes);
    if (load<std::uint32_t>(bytes.data() + 36) != crc32c(body, crc32c(bytes.substr(0, 36))))
        return damaged(path, "damaged table");
    CAIRN_TRY(check_version(load<std::uint16_t>(bytes.data() + 8), path));
    const auto blocks = load<std::uint64_t>(bytes.data() + 24);
    const auto ids = load<std::uint32_t>(bytes.data() + 32);
    if (blocks > body.size() / sizeof(BlockEntry) || body.size() != blocks * sizeof(BlockEntry) + std::size_t{ids} * 4)
        return damaged(path, "table with impossible counts");
    OpenTable table;
    table.frames_end = load<std::uint64_t>(bytes.data() + 16);
    table.table.resize(blocks);
    table.dictionary_ids.resize(ids);
    if (blocks > 0) std::memcpy(table.table.data(), body.data(), blocks * sizeof(BlockEntry));
    if (ids > 0)
        std::memcpy(table.dictionary_ids.data(), body.data() + blocks * sizeof(BlockEntry), std::size_t{ids} * 4);
    return table;
}

std::string open_table_path(const std::string& archive_path) { return archive_path + ".table"; }

}  // namespace cairn::journal
