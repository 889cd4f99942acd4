#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/block.h"

namespace cairn {

/// The block codec's use of zstd (RFC 8878): frames without the four magic bytes, without checksum and dictionary id,
/// with the content size. Contexts belong to the calling thread and are kept.

/// False for a dictionary made from bytes that are none; it must not be given to the functions below.
bool is_usable(const Dictionary& dictionary);

/// Appends one frame. `dictionary` may be null. Levels 1 to 19.
void compress_frame(std::string_view text, int level, const Dictionary* dictionary, std::string& out);

/// Replaces `out` by the content of a frame of at most `bytes_max` bytes. Error: corrupt.
Result<void> decompress_frame(std::string_view frame, const Dictionary* dictionary, std::size_t bytes_max,
                              std::string& out);

}  // namespace cairn
