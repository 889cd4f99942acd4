#pragma once

#include <chrono>
#include <cstdint>

#include "event/index_row.h"
#include "ingest/ingest.h"

namespace cairn::ingest {

/// One submit() from its arrival to its answer.
struct Request {
    Receipt receipt;
    Ingest::Done done;
    IndexBatch index;             ///< rows of the stored events, in number order
    std::vector<CallNote> notes;  ///< of the stored events, in number order
    std::uint64_t bytes = 0;      ///< raw bytes of all its records
    std::uint64_t needs_end = 0;  ///< it may be answered once all events below are durable and published
    std::chrono::steady_clock::time_point arrived;
};

}  // namespace cairn::ingest
