#include "backend/dir/object_row.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::dir {

namespace {

constexpr char version = 1;
constexpr std::size_t sha256_bytes = 32, crc_bytes = 4;

/// Covers the key, so that a row cannot stand under another one.
std::uint32_t checksum(std::string_view key, std::string_view row) { return crc32c(row, crc32c(key)); }

void append_headers(std::string& out, const ObjectHeaders& headers) {
    append_text(out, headers.content_type);
    append_text(out, headers.content_encoding);
    append_text(out, headers.acl);
    out.push_back(static_cast<char>(headers.encryption));
    append_text(out, headers.kms_key);
    append_text(out, headers.kms_context);
    append_varint(out, headers.metadata.size());
    for (const auto& [name, value] : headers.metadata) {
        append_text(out, name);
        append_text(out, value);
    }
}

ObjectHeaders read_headers(ByteReader& reader) {
    ObjectHeaders headers;
    headers.content_type = reader.text();
    headers.content_encoding = reader.text();
    headers.acl = reader.text();
    headers.encryption = static_cast<Encryption>(reader.integer<std::uint8_t>());
    headers.kms_key = reader.text();
    headers.kms_context = reader.text();
    for (auto left = reader.varint(); left > 0 && reader.ok(); --left) {
        const auto name = reader.text();
        headers.metadata.emplace_back(name, reader.text());
    }
    return headers;
}

}  // namespace

std::string encode_row(std::string_view key, const ObjectRow& row) {
    std::string out(1, version);
    append(out, row.info.size);
    append(out, to_milliseconds(row.info.modified));
    out.append(row.sha256);
    append_text(out, row.info.etag);
    append_text(out, row.file);
    append_headers(out, row.info.headers);
    append(out, checksum(key, out));
    return out;
}

Result<ObjectRow> decode_row(std::string_view key, std::string_view bytes) {
    const auto damaged = [&] {
        return fail(Code::corrupt, fmt::format("InternalError: what is kept about object {} is damaged", key));
    };
    if (bytes.size() < 1 + crc_bytes) return damaged();
    const auto body = bytes.substr(0, bytes.size() - crc_bytes);
    if (load<std::uint32_t>(bytes.data() + body.size()) != checksum(key, body)) return damaged();
    if (body[0] != version)
        return fail(Code::invalid, fmt::format("object {} was written by a newer version of cairn", key));

    ByteReader reader(body.substr(1));
    ObjectRow row;
    row.info.size = reader.integer<std::uint64_t>();
    row.info.modified = from_milliseconds(reader.integer<std::int64_t>());
    row.sha256 = reader.take(sha256_bytes);
    row.info.etag = reader.text();
    row.file = reader.text();
    row.info.headers = read_headers(reader);
    if (!reader.ok() || !reader.rest().empty()) return damaged();
    return row;
}

}  // namespace cairn::dir
