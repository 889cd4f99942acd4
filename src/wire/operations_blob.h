#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "wire/operations_format.h"

extern "C" const unsigned char cairn_operations_blob[];

namespace cairn::wire {

/// The embedded table as rows; for the files of wire/ that look things up in it.

inline const BlobHeader& blob_header() { return *reinterpret_cast<const BlobHeader*>(cairn_operations_blob); }

template <class Row>
std::span<const Row> rows(Section section) {
    const auto place = blob_header().sections[static_cast<std::size_t>(section)];
    return {reinterpret_cast<const Row*>(cairn_operations_blob + place.at), place.count};
}

template <class Row>
std::span<const Row> rows(Section section, Range range) {
    return rows<Row>(section).subspan(range.first, range.count);
}

inline std::string_view blob_text(TextRef text) {
    const auto* at = cairn_operations_blob + blob_header().sections[static_cast<std::size_t>(Section::texts)].at + text;
    return {reinterpret_cast<const char*>(at) + 2, load<std::uint16_t>(at)};
}

}  // namespace cairn::wire
