#include "backend/dir/tombstone_row.h"

#include "backend/dir/checked_row.h"
#include "base/bytes.h"

namespace cairn::dir {

namespace {

constexpr std::size_t sha256_bytes = 32;

}  // namespace

std::string encode_tombstone(std::string_view key, const ObjectTombstone& tombstone) {
    std::string row(1, row_version);
    append(row, tombstone.size);
    append(row, to_milliseconds(tombstone.modified));
    append(row, to_milliseconds(tombstone.removed));
    row.append(tombstone.sha256);
    append_text(row, tombstone.etag);
    append_text(row, tombstone.reason);
    return sealed(key, std::move(row));
}

Result<ObjectTombstone> decode_tombstone(std::string_view key, std::string_view bytes) {
    const auto body = unsealed(key, bytes);
    if (!body) return fail(body.error());
    ByteReader reader(*body);
    ObjectTombstone tombstone;
    tombstone.size = reader.integer<std::uint64_t>();
    tombstone.modified = from_milliseconds(reader.integer<std::int64_t>());
    tombstone.removed = from_milliseconds(reader.integer<std::int64_t>());
    tombstone.sha256 = reader.take(sha256_bytes);
    tombstone.etag = reader.text();
    tombstone.reason = reader.text();
    if (!reader.ok() || !reader.rest().empty()) return damaged_row(key);
    return tombstone;
}

}  // namespace cairn::dir
