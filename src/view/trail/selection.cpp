#include "view/trail/selection.h"

#include <algorithm>

namespace cairn::trail {

namespace {

bool may_select(const TrailHistory& history) {
    return std::ranges::any_of(history.versions, [](const auto& version) { return version.trail.logging; });
}

/// Whether the trail was logging when the event happened. An event that comes late is judged by the last stop (delivery after
/// StopLogging: CloudTrail user guide, "Turning off logging for a trail"). Event times are whole seconds.
bool logged_at(const TrailHistory& history, const Trail& then, Time event_time) {
    if (then.logging && then.started && event_time >= std::chrono::floor<std::chrono::seconds>(*then.started)) return true;
    const auto* at_event = history.at(event_time);
    return at_event && at_event->logging;
}

}  // namespace

struct Selection::Compiled {
    const TrailHistory* history;
};

Tree tree_of(const EventView& event) {
    switch (event.category) {
        case Category::insight: return Tree::insight;
        case Category::network_activity: return Tree::network;
        case Category::aggregated: return Tree::aggregated;
        default: return Tree::events;
    }
}

Selection::Selection(const Trails::Snapshot& snapshot) : generation_(snapshot.generation), trails_([&] {
    auto trails = snapshot.trails;
    std::erase_if(trails, [](const auto& history) { return !may_select(*history); });
    return trails;
}()) {
    for (const auto& history : trails_) compiled_.push_back({history.get()});
}

Selection::~Selection() = default;

void Selection::select(const EventView& event, const Envelope& envelope, std::vector<Hit>& hits) const {
    hits.clear();
    if (envelope.inlet == Inlet::import || envelope.inlet == Inlet::replay) return;
    for (const auto& compiled : compiled_) {
        const auto& history = *compiled.history;
        const auto* trail = history.at(envelope.ingest_time);
        if (!trail || trail->account != event.account || !trail->seen_in(event.region)) continue;
        if (!logged_at(history, *trail, event.time)) continue;
        if (event.category != Category::management) continue;
        hits.push_back({trail, tree_of(event)});
    }
}

}  // namespace cairn::trail
