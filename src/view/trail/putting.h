#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "follow/view.h"
#include "seam/clock.h"
#include "seam/delivery_store.h"
#include "seam/event_log.h"
#include "seam/log_sink.h"
#include "seam/meta_store.h"
#include "seam/notifier.h"
#include "view/trail/batch.h"
#include "view/trail/delivery_options.h"
#include "view/trail/log_delivery.h"
#include "view/trail/plan_body.h"
#include "view/trail/selected_events.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

/// The second half of delivery: carries plans out, and records what became of them. The members are those of
/// follow::View. Any thread; one at a time for each lane.
class Putting {
public:
    /// All of them outlive it. Without `notifier` no notices are sent, without `logs` no log group is written to; the
    /// status says so.
    struct Parts {
        SelectedEvents events;
        Trails& trails;
        DeliveryStore& buckets;
        Notifier* notifier = nullptr;
        LogSink* logs = nullptr;
        const Clock& clock;
        UnderWay& under_way;
    };
    Putting(Parts parts, const DeliveryOptions& options);

    Result<void> put(const follow::Plan& plan);
    Result<void> publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more);
    Result<bool> failed(Transaction& transaction, const follow::Plan& plan, const Error& error);

private:
    Result<void> put_file(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<void> put_digest(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<void> put_notice(const PlannedDelivery& planned);
    Result<void> put_logs(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<std::string> content_of(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<Batch::Finished> remake(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<void> publish_file(Transaction& transaction, const follow::Plan& plan, const PlannedDelivery& planned,
                              Time now, std::vector<follow::Plan>& more);
    std::shared_ptr<const TrailHistory> trail_of(const follow::Plan& plan, const PlannedDelivery& planned) const;
    std::optional<std::string> key_of(const follow::Plan& plan, const PlannedDelivery& planned) const;
    void end_logs(const PlannedDelivery& planned);

    const Parts parts_;
    const Compression compression_;
    const std::chrono::milliseconds give_up_after_;
    std::optional<LogDelivery> logs_;
};

}  // namespace cairn::trail
