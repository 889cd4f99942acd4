#include "backend/dir/checked_row.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::dir {

namespace {

constexpr std::size_t crc_bytes = 4;

std::uint32_t checksum(std::string_view key, std::string_view row) { return crc32c(row, crc32c(key)); }

}  // namespace

std::string sealed(std::string_view key, std::string row) {
    append(row, checksum(key, row));
    return row;
}

Result<std::string_view> unsealed(std::string_view key, std::string_view row) {
    if (row.size() < 1 + crc_bytes) return damaged_row(key);
    const auto body = row.substr(0, row.size() - crc_bytes);
    if (load<std::uint32_t>(row.data() + body.size()) != checksum(key, body)) return damaged_row(key);
    if (body[0] != row_version)
        return fail(Code::invalid, fmt::format("object {} was written by a newer version of cairn", key));
    return body.substr(1);
}

std::unexpected<Error> damaged_row(std::string_view key) {
    return fail(Code::corrupt, fmt::format("InternalError: what is kept about object {} is damaged", key));
}

}  // namespace cairn::dir
