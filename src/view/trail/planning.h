#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "follow/events.h"
#include "follow/view.h"
#include "seam/clock.h"
#include "seam/meta_store.h"
#include "view/trail/delivery_options.h"
#include "view/trail/digest_work.h"
#include "view/trail/filling.h"
#include "view/trail/selection.h"
#include "view/trail/signing_keys.h"
#include "view/trail/summing.h"
#include "view/trail/trails.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

/// The first half of delivery: what is read from the log becomes plans of log files and summaries, and time becomes
/// plans of digests. The members are those of follow::View. One thread.
class Planning {
public:
    /// All of them outlive it.
    struct Parts {
        FindDictionary find_dictionary;
        MetaStore& store;
        Trails& trails;
        SigningKeys& keys;
        KeyMaker* key_maker;  ///< null: keys are made while planning
        const Clock& clock;
        Metrics& metrics;
        UnderWay& under_way;
    };
    Planning(Parts parts, const DeliveryOptions& options);

    void restart();
    Result<follow::View::Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks);
    Result<void> store(Transaction& transaction, follow::View::Planned& planned);

private:
    Result<void> load();
    Result<void> refresh(Time now);
    Result<void> read(std::uint64_t from, const std::vector<StoredBlock>& blocks, Time now,
                      std::vector<follow::Plan>& plans);
    Result<void> add(std::uint64_t number, const EventView& event, const Envelope& envelope, Time now,
                     std::vector<follow::Plan>& plans);

    const Parts parts_;
    const std::chrono::milliseconds give_up_after_;
    follow::EventReader reader_;
    Filling filling_;
    Summing summing_;
    DigestWork digests_;
    std::shared_ptr<const Selection> selection_;
    std::set<std::string, std::less<>> logging_;  // ids of the trails that do, as selection_ knows them
    std::vector<Selection::Hit> hits_;
    bool loaded_ = false;
    Time forgotten_{};
};

}  // namespace cairn::trail
