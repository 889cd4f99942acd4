#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/block.h"
#include "event/envelope.h"
#include "event/record.h"
#include "seam/event_log.h"

namespace cairn::follow {

/// Decodes stored events for a view. Keeps its buffers: one for each thread.
class EventReader {
public:
    explicit EventReader(FindDictionary find_dictionary);

    /// Calls `use` for every event of a block with `from` <= number < `to`, in order, until it fails. A sub-block or
    /// record that cannot be read is left out, with a warning that names it. Errors: those of `use`; of opening the
    /// block.
    using Use = std::function<Result<void>(std::uint64_t number, const EventView& event, const Envelope& envelope)>;
    /// Records that `wants` refuses are left out before they are parsed, which is what costs; none: all are wanted.
    using Wants = std::function<bool(std::string_view record, const Envelope& envelope)>;
    Result<void> each(const StoredBlock& block, std::uint64_t from, std::uint64_t to, const Use& use,
                      const Wants& wants = {});

private:
    const FindDictionary find_dictionary_;
    RecordParser parser_;
    BlockReader::Records records_;
};

}  // namespace cairn::follow
