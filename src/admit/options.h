#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "seam/event_log.h"

namespace cairn::admit {

/// The log, as far as the index needs it: to fill in what it has not on disk, and to replace what was damaged.
struct SeenSource {
    /// EventLog::begin() and end() at the time of opening.
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    /// Calls `use` for every durable event from `from` on (earlier ones may be among them and are passed over), in
    /// order of their numbers. Blocks. Called while opening, and later from the index's own thread or that of a caller
    /// of find.
    using Use = std::function<void(std::uint64_t number, const Fingerprint& fingerprint)>;
    std::function<Result<void>(std::uint64_t from, const Use& use)> for_each_fingerprint;
};

struct SeenOptions {
    /// Entries of a table in memory; a multiple of 255. Memory is about 170 bytes for each, whatever is stored.
    std::uint32_t table_entries = 262'140;

    /// Runs of one level that are merged into one of the next.
    std::uint32_t fan_out = 32;

    /// Whether the index has a thread of its own for its files. Without one the work is done inside insert() and
    /// settle().
    bool background = true;

    /// Whether an event is still retained; null: all are. An event that is not counts as absent at once, and leaves the
    /// files when they are merged. Called often, from several threads; must not block.
    std::function<bool(std::uint64_t number)> alive;
};

}  // namespace cairn::admit
