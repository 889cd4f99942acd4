#pragma once

#include <string>
#include <string_view>

namespace cairn {

/// The canonical text of a record (DESIGN.md principle 5): members sorted by name (repeated ones in the order they
/// came), no white space, strings escaped in one way, numbers spelled as they were. Equal texts are equal records; the
/// text is for comparing and hashing only, and is JSON unless a string holds an unpaired surrogate. `record` must have
/// passed RecordParser::parse.
std::string canonical_record(std::string_view record);

}  // namespace cairn
