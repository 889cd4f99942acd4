#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace cairn::session {

/// Recognises by their bytes alone, without parsing, records that tell nothing new: nearly all of a busy trail. They
/// are of no key, or of one that was learned with the same ARN, at a time in which it is known to be valid. Never wrong
/// on the other side: what it does not recognise is parsed.
class Told {
public:
    Told() : slots_(slot_count) {}

    /// `evidence`: what a gateway says of its record; empty for one of a trail.
    bool tells_nothing(std::string_view record, std::string_view evidence = {}) const;

    /// The key of `record` is learned with its ARN; it is valid between `from` and `to`.
    void note(std::string_view record, std::string_view evidence, Time from, Time to);

    /// A key may have ended; so may those of all users of a name.
    void forget_key(std::string_view key_id);
    void forget_user(std::string_view name);

private:
    static constexpr std::size_t slot_count = 32'768;
    struct Slot {
        std::uint64_t key = 0, use = 0, name = 0;  ///< hashes: of key id, of ARN and space, of what ends it; 0: empty
        Time from{}, to{};
    };
    std::vector<Slot> slots_;  // one key with one ARN in one space each, the newest
};

}  // namespace cairn::session
