#pragma once

#include <functional>
#include <memory>
#include <span>

#include "admit/filter.h"
#include "admit/finder.h"
#include "admit/run.h"

namespace cairn::admit {

using Runs = std::span<const std::shared_ptr<const Run>>;

/// Called between the windows of long work; an error ends the work.
using Yield = std::function<Result<void>()>;

/// What ended a pass over runs: an error, or a run that turned out to be damaged.
struct MergeOutcome {
    Result<void> result;
    std::shared_ptr<const Run> damaged;  ///< then `result` is corrupt
};

/// Writes the retained entries of `inputs` (in log order) in order of their hash, and their hashes to the filter if
/// there is one. Works in windows of some thousand entries, whatever the size of the runs. The caller finishes the
/// writers.
MergeOutcome merge_runs(Runs inputs, const Alive& alive, RunWriter& run, FilterWriter* filter, const Yield& yield);

/// Adds the hashes of `inputs` to the filter.
MergeOutcome fill_filter(Runs inputs, FilterWriter& filter, const Yield& yield);

/// The same for a filter in memory.
MergeOutcome fill_filter(Runs inputs, Filter& filter);

}  // namespace cairn::admit
