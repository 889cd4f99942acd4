#pragma once

#include <string>

#include "seam/clock.h"
#include "seam/lease.h"
#include "seam/meta_store.h"

namespace cairn::follow {

/// Leases in a meta store. Their ends are judged by the clocks of those who acquire: what keeps two owners apart is the
/// token, checked in the transaction that publishes, not the time. Any thread.
class StoredLeases final : public Leases {
public:
    /// Both outlive it.
    StoredLeases(MetaStore& store, const Clock& clock) : store_(store), clock_(clock) {}

    /// A holder who still has the lease keeps its token; `holder` names one process, not one machine. Blocks.
    Result<Lease> acquire(const std::string& name, const std::string& holder, std::int64_t milliseconds) override;
    Result<void> check(Transaction& transaction, const Lease& lease) override;

    /// Fine if another has taken it meanwhile. Blocks.
    Result<void> release(const Lease& lease, const std::string& holder) override;

private:
    MetaStore& store_;
    const Clock& clock_;
};

}  // namespace cairn::follow
