#pragma once

#include <string_view>

namespace cairn {

/// Whether text that was packed by pack_uuids holds `term` once restored. `uuids` is what was packed away, not empty.
/// Restores the text only where the term may begin or end inside a UUID. Exact, but for a term with a whole UUID in
/// it, where true may be said too often.
bool packed_text_may_contain(std::string_view packed, std::string_view uuids, std::string_view term);

}  // namespace cairn
