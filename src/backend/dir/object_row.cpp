#include "backend/dir/object_row.h"

#include "backend/dir/checked_row.h"
#include "base/bytes.h"

namespace cairn::dir {

namespace {

constexpr std::size_t sha256_bytes = 32;

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
    std::string out(1, row_version);
    append(out, row.info.size);
    append(out, to_milliseconds(row.info.modified));
    out.append(row.sha256);
    append_text(out, row.info.etag);
    append_text(out, row.file);
    append_headers(out, row.info.headers);
    return sealed(key, std::move(out));
}

Result<ObjectRow> decode_row(std::string_view key, std::string_view bytes) {
    const auto body = unsealed(key, bytes);
    if (!body) return fail(body.error());
    ByteReader reader(*body);
    ObjectRow row;
    row.info.size = reader.integer<std::uint64_t>();
    row.info.modified = from_milliseconds(reader.integer<std::int64_t>());
    row.sha256 = reader.take(sha256_bytes);
    row.info.etag = reader.text();
    row.file = reader.text();
    row.info.headers = read_headers(reader);
    if (!reader.ok() || !reader.rest().empty()) return damaged_row(key);
    return row;
}

}  // namespace cairn::dir
