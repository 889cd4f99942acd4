#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/meta_store.h"

namespace cairn::trail {

/// One kind of delivery of a trail in a region, as GetTrailStatus tells it.
struct DeliveryStatus {
    std::optional<Time> latest;   ///< last success
    std::optional<Time> attempt;  ///< last attempt
    std::string error;            ///< of the last attempt; empty when it succeeded or nobody answered
    std::string object = {};      ///< "s3://BUCKET/KEY" of the last success, for files and digests
};

enum class Leg : unsigned char { file, digest, notice, logs };
inline constexpr std::size_t leg_count = 4;

struct TrailStatus {
    DeliveryStatus of[leg_count];

    const DeliveryStatus& operator[](Leg leg) const { return of[static_cast<std::size_t>(leg)]; }
};

/// Errors: corrupt; those of the store.
Result<TrailStatus> load_status(Transaction& transaction, std::string_view trail_id, std::string_view region);

/// By region. Errors: as above.
Result<std::vector<std::pair<std::string, TrailStatus>>> load_statuses(Transaction& transaction,
                                                                       std::string_view trail_id);

/// `object` is what was delivered, for files and digests.
Result<void> note_success(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg,
                          Time at, std::string object = {});
Result<void> note_failure(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg,
                          Time at, const Error& error);

/// Forgets the errors of `legs` in every region: the trail delivers them to another place now.
Result<void> reset_status(Transaction& transaction, std::string_view trail_id, std::span<const Leg> legs);

/// The code that begins the message of an error of seam/delivery_store.h or seam/notifier.h; empty when there was no
/// answer.
std::string foreign_code(const Error& error);

}  // namespace cairn::trail
