#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "seam/meta_store.h"

namespace cairn::trail {

/// One kind of delivery of a trail in a region, as GetTrailStatus tells it.
struct DeliveryStatus {
    std::optional<Time> latest;            ///< last success
    std::optional<Time> attempt;           ///< last attempt
    std::string error;                     ///< of the last attempt; empty when it succeeded or nobody answered
};

enum class Leg : unsigned char { file, digest, notice, logs };
inline constexpr std::size_t leg_count = 4;

struct TrailStatus {
    DeliveryStatus of[leg_count];

    const DeliveryStatus& operator[](Leg leg) const { return of[static_cast<std::size_t>(leg)]; }
};

/// Errors: corrupt; those of the store.
Result<TrailStatus> load_status(Transaction& transaction, std::string_view trail_id, std::string_view region);
Result<void> note_success(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg, Time at);
Result<void> note_failure(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg, Time at, const Error& error);

/// Forgets the status of files and digests in every region, as a change of bucket does.
Result<void> reset_status(Transaction& transaction, std::string_view trail_id);

/// The code that begins the message of an error of seam/delivery_store.h or seam/notifier.h; empty when there was no answer.
std::string foreign_code(const Error& error);

}  // namespace cairn::trail
