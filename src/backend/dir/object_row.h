#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/object_store.h"

namespace cairn::dir {

/// What the meta store holds about an object (docs/format/bucket.md).
struct ObjectRow {
    ObjectInfo info;
    std::string sha256;  ///< 32 bytes, of the content as it was put
    std::string file;    ///< below the bucket's folder

    bool operator==(const ObjectRow&) const = default;
};

std::string encode_row(std::string_view key, const ObjectRow& row);

/// Errors: corrupt (naming the key); invalid, when a newer version wrote it.
Result<ObjectRow> decode_row(std::string_view key, std::string_view bytes);

}  // namespace cairn::dir
