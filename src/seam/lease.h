#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "seam/meta_store.h"

namespace cairn {

/// The right to work on something, for some time. The token grows with every owner: a transaction that checks it cannot
/// be overtaken by an owner who lost the lease without noticing.
struct Lease {
    std::string name;
    std::uint64_t token = 0;
};

class Leases {
public:
    virtual ~Leases() = default;

    /// Takes or renews a lease for `milliseconds`. Error: conflict, naming the holder.
    virtual Result<Lease> acquire(const std::string& name, const std::string& holder, std::int64_t milliseconds) = 0;

    /// Error: conflict, when another took it meanwhile. To be called inside the transaction that publishes.
    virtual Result<void> check(Transaction& transaction, const Lease& lease) = 0;

    virtual Result<void> release(const Lease& lease, const std::string& holder) = 0;
};

}  // namespace cairn
