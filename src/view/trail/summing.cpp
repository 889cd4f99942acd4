#include "view/trail/summing.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr std::string_view summed_prefix = "summed/";

std::string summed_key(const Summary::Place& place) {
    return fmt::format("{}{}/{}/{}/{:020}", summed_prefix, place.trail_id, place.account, place.region,
                       to_milliseconds(place.window));
}

std::string encode(const Summary::Place& place, std::uint64_t to) {
    return to_text(JsonObject{{"trail", place.trail_id},
                              {"account", place.account},
                              {"region", place.region},
                              {"window", to_milliseconds(place.window)},
                              {"to", to}});
}

}  // namespace

Result<Batch::Finished> file_of(const Summary& summary, Batch batch) {
    for (const auto& record : summary.records()) CAIRN_TRY(batch.add(record, summary.from(), summary.place().window));
    auto finished = batch.finish();
    if (!finished) return finished;
    finished->facts.from = summary.from();
    finished->facts.to = summary.to();
    return finished;
}

void Summing::restart() {
    summaries_.clear();
    stored_summed_.reset();
}

Result<void> Summing::load(Transaction& transaction) {
    const auto rows = transaction.scan(space, summed_prefix, "", std::numeric_limits<std::size_t>::max());
    if (!rows) return fail(rows.error());
    summed_.clear();
    for (const auto& [key, value] : *rows) {
        const auto json = parse_json(value);
        const auto* window = json ? json->find("window") : nullptr;
        const auto* to = json ? json->find("to") : nullptr;
        if (!window || !to) return fail(Code::corrupt, fmt::format("{}: damaged", key));
        summed_[{std::string(json->text("trail")), std::string(json->text("account")),
                 std::string(json->text("region")), from_milliseconds(window->as_integer())}] =
            static_cast<std::uint64_t>(to->as_integer());
    }
    return {};
}

// A row is of use while events below it may be read again.
Result<void> Summing::store(Transaction& transaction, const follow::View::Planned& planned) {
    auto summed = summed_;
    for (const auto& plan : planned.plans) {
        const auto file = decode_delivery(plan.body);
        if (!file) return fail(file.error());
        if (file->window) summed[{file->trail_id, file->account, file->region, *file->window}] = plan.to;
    }
    for (auto row = summed.begin(); row != summed.end();) {
        const auto& [place, to] = *row;
        const auto next = std::next(row);
        const auto before = summed_.find(place);
        if (to <= planned.position) {
            CAIRN_TRY(transaction.erase(space, summed_key(place)));
            summed.erase(row);
        } else if (before == summed_.end() || before->second != to) {
            CAIRN_TRY(transaction.put(space, summed_key(place), encode(place, to)));
        }
        row = next;
    }
    stored_summed_ = std::move(summed);
    return {};
}

void Summing::adopt() {
    if (stored_summed_) summed_ = *std::exchange(stored_summed_, std::nullopt);
}

Result<void> Summing::add(const Trail& trail, std::uint64_t number, const EventView& event, Time ingested, Time now,
                          std::vector<follow::Plan>& plans) {
    const auto templates = templates_of(trail.aggregation);
    if (templates.empty()) return {};
    const Summary::Place place{trail.id, std::string(event.account), std::string(event.region), window_of(event.time)};
    const auto summed = summed_.find(place);
    if (summed != summed_.end() && number < summed->second) return {};
    auto open = summaries_.find(place);
    if (open != summaries_.end() && !same_destination(open->second.trail, trail)) {
        CAIRN_TRY(close(open, now, plans));
        open = summaries_.end();
    }
    if (open == summaries_.end()) {
        // When the window is over; at once after the usual interval when it is over already, or far ahead.
        const auto opened = std::min(ingested, now);
        const auto due = std::clamp<Time>(place.window + summary_window, opened, opened + summary_window) + interval_;
        open = summaries_.emplace(place, OpenSummary{Summary(place), trail, opened, due}).first;
    }
    open->second.summary.add(number, event, templates);
    return open->second.summary.full() ? close(open, now, plans) : Result<void>();
}

Result<void> Summing::close_due(Time now, const Ids& logging, std::vector<follow::Plan>& plans) {
    for (auto open = summaries_.begin(); open != summaries_.end();) {
        const auto next = std::next(open);
        const bool set_back = now < open->second.opened;  // the clock: nobody waits for it to come again
        if (now >= open->second.due || !logging.contains(open->first.trail_id) || set_back)
            CAIRN_TRY(close(open, now, plans));
        open = next;
    }
    return {};
}

Result<void> Summing::close(Summaries::iterator open, Time now, std::vector<follow::Plan>& plans) {
    const auto& [place, one] = *open;
    if (!one.summary.empty()) {
        auto finished = file_of(one.summary, under_way_.spool.batch());
        if (!finished) return fail(std::move(finished).error());
        PlannedDelivery planned;
        planned.trail_id = place.trail_id;
        planned.account = place.account;
        planned.region = place.region;
        planned.tree = Tree::aggregated;
        planned.window = place.window;
        planned.planned = now;
        plan_file(one.trail, std::move(planned), std::move(*finished), under_way_, plans);
    }
    summaries_.erase(open);
    return {};
}

std::uint64_t Summing::oldest(std::uint64_t otherwise) const {
    for (const auto& [place, open] : summaries_) otherwise = std::min(otherwise, open.summary.from());
    return otherwise;
}

}  // namespace cairn::trail
