#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"
#include "view/history/head.h"
#include "view/history/index_file.h"
#include "view/history/scope_registry.h"

namespace cairn::history {

/// Asks for the order_id() of an event, empty when it cannot be read. Needed only where times and id prefixes are
/// equal.
using OrderIdOf = std::function<std::string(std::uint64_t number)>;

/// Writes the index file of a complete head: everything it published. Blocks. Errors of the disk.
Result<void> seal(const Head& head, Disk& disk, const std::string& path, const ScopeRegistry& registry,
                  const OrderIdOf& order_id_of);

/// Writes one index file for what several say together, whose ranges of numbers follow each other; events below
/// `alive_from` are left out. Blocks. Errors: those of the disk; corrupt, when an input is damaged (ask each for
/// damaged()); invalid, when the result would break the limits of the format; unavailable soon after `stop` is set.
Result<void> merge(std::span<const std::shared_ptr<const IndexFile>> inputs, std::uint64_t alive_from, Disk& disk,
                   const std::string& path, const ScopeRegistry& registry, const OrderIdOf& order_id_of,
                   const std::atomic<bool>& stop);

}  // namespace cairn::history
