#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace cairn::session {

/// Recognises by their bytes alone, without parsing, records that tell nothing new: nearly all of a busy trail. Theirs
/// is a userIdentity that was learned from, and a time in which its key is known to be valid. Never wrong on the other
/// side: what it does not recognise is parsed.
class Told {
public:
    Told() : slots_(slot_count) {}

    bool tells_nothing(std::string_view record) const;

    /// The identity of `record` is learned; its key is valid between `from` and `to`.
    void note(std::string_view record, Time from, Time to);

    void clear() { slots_.assign(slot_count, {}); }

private:
    static constexpr std::size_t slot_count = 131'072;
    struct Slot {
        std::uint64_t hash = 0;  ///< of userIdentity's bytes; 0: empty
        Time from{}, to{};
    };
    std::vector<Slot> slots_;  // one identity each, the newest
};

}  // namespace cairn::session
