#pragma once

#include <functional>
#include <span>

#include "ingest/candidates.h"
#include "ingest/ingest.h"
#include "seam/event_log.h"

namespace cairn::ingest {

/// Raw bytes of one class from which on a request's records are worth a block of their own; fewer are left to the log,
/// which joins them with those of its neighbours.
inline constexpr std::size_t own_block_bytes_min = 16 * 1024;
inline constexpr std::size_t block_bytes_max = 128 * 1024;

/// Makes the batch of the records at `order` (grouped by retention class, numbers rising by one from the first on),
/// with the envelopes that `writer` says. Uses the calling thread's builders.
Batch make_batch(const std::vector<Candidate>& candidates, std::span<const std::uint32_t> order, const Writer& writer,
                 Time ingest_time, const std::function<BlockCodec()>& codec, bool fast);

}  // namespace cairn::ingest
