#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace cairn::session {

/// A key as a caller of an ARN uses it in one space, by its hashes.
struct Use {
    std::uint64_t key = 0, use = 0;
};
Use use_of(std::string_view key_id, std::string_view arn, std::string_view space);

/// What a gateway says of its record, as gateways write it.
struct Said {
    std::string_view space, confidence;
};
/// Nothing: it is written otherwise, and has to be parsed.
std::optional<Said> said_in(std::string_view evidence);

/// Recognises records that tell nothing new, nearly all of a busy trail: by their bytes alone, without parsing. They
/// are of no key, or of one that was learned with the same ARN, at a time in which it is known to be valid. Never wrong
/// on the other side: what it does not recognise is parsed. Changed by one thread; what others read meanwhile is a
/// hint.
class Told {
public:
    Told() : slots_(slot_count) {}

    /// `evidence`: what a gateway says of its record; empty for one of a trail.
    bool tells_nothing(std::string_view record, std::string_view evidence = {}) const;

    /// The same of a call that tells no more than who made it.
    bool knows(Use use, Time at) const;

    /// The key is learned with its ARN; it is valid between `from` and `to`.
    void note(Use use, std::string_view arn, Time from, Time to);

    /// A key may have ended; so may those of all users of a name.
    void forget_key(std::string_view key_id);
    void forget_user(std::string_view name);

private:
    static constexpr std::size_t slot_count = 32'768, uses_max = 4;
    struct Slot {
        std::atomic<std::uint64_t> key = 0, use = 0, name = 0;  ///< hashes, `name`: of what ends it; 0: empty
        std::atomic<Time> from{}, to{};
        void set(Use whose, std::uint64_t name_hash, Time begin, Time end);
    };
    /// The uses of a key lie beside each other.
    static std::size_t slot_of(Use use) { return first_slot(use.key) + use.use % uses_max; }
    static std::size_t first_slot(std::uint64_t key) { return key % (slot_count / uses_max) * uses_max; }

    std::vector<Slot> slots_;  // one key with one ARN in one space each, the newest
};

}  // namespace cairn::session
