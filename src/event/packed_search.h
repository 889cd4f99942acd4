#pragma once

#include <array>
#include <string>
#include <string_view>

#include "event/find_bytes.h"

namespace cairn {

/// A text to look for in texts that were packed by pack_uuids, as it would be found once they are restored. Prepared
/// once; any number of threads may use it.
class PackedTerm {
public:
    using Case = BytesFinder::Case;

    explicit PackedTerm(std::string_view term, Case sensitivity = Case::exact);

    /// `uuids` is what was packed away. Restores the text only where the term may begin or end inside a UUID. Exact,
    /// but for a term with a whole UUID in it, where true may be said too often.
    bool may_be_in(std::string_view packed, std::string_view uuids) const;

private:
    bool may_cross_an_edge(std::string_view packed) const;
    bool found_with_uuids(std::string_view packed, std::string_view uuids) const;
    bool found_inside_uuid(std::string_view uuids) const;
    bool found_restored(std::string_view packed, std::string_view uuids) const;

    BytesFinder plain_;        ///< the term as it is
    std::string inner_uuids_;  ///< of the whole UUIDs within it
    BytesFinder inner_;        ///< with markers instead of those
    bool fits_a_uuid_ = false;
    bool only_restored_ = false;  ///< when case is ignored, UUIDs in the term may or may not be packed in the text
    bool holds_marker_ = false;
    bool has_edges_ = false;
    std::array<bool, 256> after_{}, before_{};  ///< bytes beside a marker into whose UUID the term may reach
};

}  // namespace cairn
