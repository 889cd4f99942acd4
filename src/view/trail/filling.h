#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/record.h"
#include "follow/view.h"
#include "seam/meta_store.h"
#include "view/trail/batch.h"
#include "view/trail/file_plan.h"
#include "view/trail/keys.h"
#include "view/trail/trail.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

/// What an event's file is filled for: one at a time for each. Views of others' text.
struct BatchPlace {
    std::string_view trail_id, account, region;
    Tree tree = Tree::events;

    friend auto operator<=>(const BatchPlace&, const BatchPlace&) = default;
};

/// The log files that are being filled, from an event to the plan of its file. One thread.
class Filling {
public:
    struct Limits {
        std::chrono::milliseconds interval{};  ///< 0: files come at once
        std::size_t file_bytes_max = 0;        ///< before compression
    };
    /// `under_way` and `events`, which counts what was put into files, outlive it.
    Filling(UnderWay& under_way, Limits limits, Counter& events)
        : under_way_(under_way), limits_(limits), events_(events) {}

    /// Forgets what is in no plan.
    void restart() { batches_.clear(); }

    /// Reads which events are in plans already. Errors: corrupt; those of the store.
    Result<void> load(Transaction& transaction);

    /// Puts an event into its file, unless it is in a plan. Plans the file that was filled before when it is full, or
    /// when the trail sends elsewhere now. Errors: those of the disk.
    Result<void> add(const BatchPlace& place, const Trail& trail, std::uint64_t number, const EventView& event,
                     Time ingested, Time now, std::vector<follow::Plan>& plans);

    /// Plans what has waited long enough, and what is of trails that are not `logging` any more.
    using Ids = std::set<std::string, std::less<>>;
    Result<void> close_due(Time now, const Ids& logging, std::vector<follow::Plan>& plans);

    /// Notes, with the plan of a file, that the events below `to` are in it or in one before.
    static Result<void> store(Transaction& transaction, const PlannedDelivery& file, std::uint64_t to);

    /// The first event that is in no plan yet, or `otherwise` if that is less.
    std::uint64_t oldest(std::uint64_t otherwise) const;

    /// By trail, the regions of which a file is being filled.
    std::map<std::string_view, std::set<std::string_view>> regions() const;

private:
    struct OpenBatch {
        Batch batch;
        Trail trail;
        Time opened{};
    };
    /// A place that has its own text.
    struct Name {
        std::string trail_id, account, region;
        Tree tree = Tree::events;

        explicit Name(const BatchPlace& place)
            : trail_id(place.trail_id), account(place.account), region(place.region), tree(place.tree) {}
        operator BatchPlace() const { return {trail_id, account, region, tree}; }
    };
    struct ByPlace {
        using is_transparent = void;
        bool operator()(const BatchPlace& one, const BatchPlace& other) const { return one < other; }
    };
    using Batches = std::map<Name, OpenBatch, ByPlace>;

    bool is_covered(const BatchPlace& place, std::uint64_t number) const;
    std::size_t piece_bytes() const;
    bool is_due(const Batches::value_type& open, Time now, const Ids& logging) const;
    bool must_wait(const Trail& trail, const Ids& logging) const;
    Result<void> close(Batches::iterator open, Time now, std::vector<follow::Plan>& plans);

    UnderWay& under_way_;
    const Limits limits_;
    Counter& events_;
    Batches batches_;
    std::map<Name, std::uint64_t, ByPlace> covered_;  // events below are in files: what is read again after a restart
    std::uint64_t covered_end_ = 0;                   // the last of them
};

}  // namespace cairn::trail
