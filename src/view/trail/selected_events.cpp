#include "view/trail/selected_events.h"

#include <algorithm>
#include <vector>

#include "follow/events.h"
#include "view/trail/selection.h"
#include "view/trail/summary.h"

namespace cairn::trail {

namespace {

bool may_belong(const EventView& event, const PlannedDelivery& planned) {
    if (event.account != planned.account || event.region != planned.region) return false;
    if (planned.window) return event.category == Category::data && window_of(event.time) == *planned.window;
    return tree_of(event) == planned.tree;
}

}  // namespace

Result<void> SelectedEvents::each(std::uint64_t from, std::uint64_t to, const PlannedDelivery& planned,
                                  const Use& use) const {
    constexpr std::size_t read_bytes = 4 << 20;
    const Selection selection(trails_.snapshot());
    follow::EventReader reader(find_dictionary_);
    std::vector<Selection::Hit> hits;
    const auto use_selected = [&](std::uint64_t number, const EventView& event,
                                  const Envelope& envelope) -> Result<void> {
        if (!may_belong(event, planned)) return {};
        selection.select(event, envelope, hits);
        const auto hit = std::ranges::find(hits, planned.trail_id,
                                           [](const auto& one) -> const std::string& { return one.trail->id; });
        return hit == hits.end() ? Result<void>() : use(number, event, *hit->trail);
    };
    while (from < to) {
        const auto blocks = log_.read(from, read_bytes);
        if (!blocks) return fail(blocks.error());
        if (blocks->empty()) break;
        for (const auto& block : *blocks) {
            const auto read = reader.each(block, from, to, use_selected);
            if (!read && read.error().code != Code::corrupt) return read;
            from = std::max(from, block.first_number + block.event_count);
        }
    }
    return {};
}

}  // namespace cairn::trail
