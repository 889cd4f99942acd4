#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "seam/event_log.h"

namespace cairn {

/// What is known of a candidate's identity.
struct Sighting {
    enum class Kind : std::uint8_t {
        fresh,      ///< no stored event has this identity hash
        duplicate,  ///< a stored event has the same identity and content hashes
        suspect,    ///< stored events have the same identity hash and other content: ask their records
    };
    Kind kind = Kind::fresh;
    std::uint64_t number = 0;          ///< duplicate: the stored event
    std::uint32_t suspects_begin = 0;  ///< suspect: range in Sightings::suspects
    std::uint32_t suspects_end = 0;
};

struct Sightings {
    std::vector<Sighting> of;             ///< one per candidate
    std::vector<std::uint64_t> suspects;  ///< event numbers
};

/// The identities of all events ever admitted and still retained (DESIGN.md principle 5). A hash match is never proof:
/// the caller compares the records of suspects. One caller at a time uses find and insert (the admission lock).
class Seen {
public:
    virtual ~Seen() = default;

    /// Looks every candidate up. Does not see candidates of the same call. Blocks only for page faults.
    virtual Result<void> find(std::span<const Fingerprint> candidates, Sightings& out) = 0;

    /// Remembers events first_number, first_number + 1, ... at once, before they are durable. Numbers never go back.
    /// After an error nothing of them is remembered, and the next call may begin at the same number.
    virtual Result<void> insert(std::span<const Fingerprint> events, std::uint64_t first_number) = 0;

    /// Events below `number` are durable: only these may be written to disk. Called from the log's thread.
    virtual void durable(std::uint64_t number) = 0;

    /// The number of the event with this eventID's identity hash, for LookupEvents by id: every stored candidate,
    /// newest first. May be called from any thread.
    virtual Result<std::vector<std::uint64_t>> numbers_of(std::uint64_t identity) = 0;
};

}  // namespace cairn
