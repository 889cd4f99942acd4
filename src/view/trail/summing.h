#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/record.h"
#include "follow/view.h"
#include "seam/meta_store.h"
#include "view/trail/file_plan.h"
#include "view/trail/summary.h"
#include "view/trail/trail.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

/// The log file that holds a summary's records; it stands for the events of the summary.
Result<Batch::Finished> file_of(const Summary& summary, Batch batch);

/// The windows in which data events are being summed up, from an event to the plan of the file with its window's
/// records. One thread.
class Summing {
public:
    /// `under_way` outlives it. So long after the end of its window a summary is written.
    Summing(UnderWay& under_way, std::chrono::milliseconds interval) : under_way_(under_way), interval_(interval) {}

    /// Forgets what is in no plan.
    void restart();

    /// Reads which events are summed up already. Errors: corrupt; those of the store.
    Result<void> load(Transaction& transaction);

    /// Counts a data event, if the trail wants that and it is in no plan. Plans the summary that is full, and the one
    /// of a trail that sends elsewhere now. Errors: those of the disk.
    Result<void> add(const Trail& trail, std::uint64_t number, const EventView& event, Time ingested, Time now,
                     std::vector<follow::Plan>& plans);

    /// Plans what is due, and what is of trails that are not `logging` any more.
    using Ids = std::set<std::string, std::less<>>;
    Result<void> close_due(Time now, const Ids& logging, std::vector<follow::Plan>& plans);

    /// Notes with the plans which events are in them. May run more than once; the last time counts once adopt() is
    /// called, which says that it was committed.
    Result<void> store(Transaction& transaction, const follow::View::Planned& planned);
    void adopt();

    /// The first event that is in no plan yet, or `otherwise` if that is less.
    std::uint64_t oldest(std::uint64_t otherwise) const;

private:
    struct OpenSummary {
        Summary summary;
        Trail trail;
        Time opened{}, due{};
    };
    using Summaries = std::map<Summary::Place, OpenSummary>;
    using Summed = std::map<Summary::Place, std::uint64_t>;

    Result<void> close(Summaries::iterator open, Time now, std::vector<follow::Plan>& plans);

    UnderWay& under_way_;
    const std::chrono::milliseconds interval_;
    Summaries summaries_;
    Summed summed_;                        // events below are in plans: what is read again after a restart
    std::optional<Summed> stored_summed_;  // by the last store()
};

}  // namespace cairn::trail
