#include "view/trail/filling.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/json.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr std::string_view covered_prefix = "covered/";
constexpr auto quick_interval = std::chrono::seconds(10);
constexpr std::size_t quick_files_max = 8;  // of a trail, on their way to one bucket

constexpr std::size_t waiting_bytes = 8 << 20;  // of uncompressed text, in all batches together

std::string covered_key(const PlannedDelivery& file) {
    return fmt::format("{}{}/{}/{}/{}", covered_prefix, file.trail_id, file.account, file.region,
                       static_cast<int>(file.tree));
}

}  // namespace

Result<void> Filling::load(Transaction& transaction) {
    const auto rows = transaction.scan(space, covered_prefix, "", std::numeric_limits<std::size_t>::max());
    if (!rows) return fail(rows.error());
    covered_.clear();
    covered_end_ = 0;
    for (const auto& [key, value] : *rows) {
        const auto json = parse_json(value);
        if (!json || !json->find("to")) return fail(Code::corrupt, fmt::format("{}: damaged", key));
        const auto* const tree = json->find("tree");
        const auto to = static_cast<std::uint64_t>(json->find("to")->as_integer());
        covered_[Name({json->text("trail"), json->text("account"), json->text("region"),
                       static_cast<Tree>(tree ? tree->as_integer() : 0)})] = to;
        covered_end_ = std::max(covered_end_, to);
    }
    return {};
}

Result<void> Filling::store(Transaction& transaction, const PlannedDelivery& file, std::uint64_t to) {
    return transaction.put(space, covered_key(file),
                           to_text(JsonObject{{"trail", file.trail_id},
                                              {"account", file.account},
                                              {"region", file.region},
                                              {"tree", static_cast<int>(file.tree)},
                                              {"to", to}}));
}

bool Filling::is_covered(const BatchPlace& place, std::uint64_t number) const {
    if (number >= covered_end_) return false;
    const auto covered = covered_.find(place);
    return covered != covered_.end() && number < covered->second;
}

std::size_t Filling::piece_bytes() const {
    return std::clamp(waiting_bytes / batches_.size(), Batch::piece_bytes_min, Batch::piece_bytes_max);
}

Result<void> Filling::add(const BatchPlace& place, const Trail& trail, std::uint64_t number, const EventView& event,
                          Time ingested, Time now, std::vector<follow::Plan>& plans) {
    if (is_covered(place, number)) return {};
    constexpr std::size_t frame_bytes = 16;
    auto open = batches_.find(place);
    if (open != batches_.end() &&
        (open->second.batch.bytes() + event.raw.size() + frame_bytes > limits_.file_bytes_max ||
         !same_destination(open->second.trail, trail))) {
        CAIRN_TRY(close(open, now, plans));
        open = batches_.end();
    }
    if (open == batches_.end())
        open = batches_.emplace(Name(place), OpenBatch{under_way_.spool.batch(), trail, std::min(ingested, now)}).first;
    return open->second.batch.add(event.raw, number, event.time, piece_bytes());
}

bool Filling::is_due(const Batches::value_type& open, Time now, const Ids& logging) const {
    const auto opened = open.second.opened;
    const bool set_back = now < opened;  // the clock: nobody waits for it to come again
    return now >= opened + limits_.interval || !logging.contains(open.first.trail_id) || set_back;
}

// Quick files come as fast as they can be put: while some wait, the next ones grow.
bool Filling::must_wait(const Trail& trail, const Ids& logging) const {
    return limits_.interval < quick_interval && logging.contains(trail.id) &&
           under_way_.open_files.count(file_lane(trail)) >= quick_files_max;
}

Result<void> Filling::close_due(Time now, const Ids& logging, std::vector<follow::Plan>& plans) {
    std::vector<Batches::iterator> due;
    for (auto open = batches_.begin(); open != batches_.end(); ++open)
        if (is_due(*open, now, logging)) due.push_back(open);
    std::ranges::sort(due, {}, [](const Batches::iterator& open) { return open->second.opened; });
    for (const auto& open : due)
        if (!must_wait(open->second.trail, logging)) CAIRN_TRY(close(open, now, plans));
    return {};
}

Result<void> Filling::close(Batches::iterator open, Time now, std::vector<follow::Plan>& plans) {
    const auto& name = open->first;
    auto finished = open->second.batch.finish();
    if (!finished) return fail(std::move(finished).error());
    PlannedDelivery planned;
    planned.trail_id = name.trail_id;
    planned.account = name.account;
    planned.region = name.region;
    planned.tree = name.tree;
    planned.planned = now;
    events_.add(finished->facts.events);
    plan_file(open->second.trail, std::move(planned), std::move(*finished), under_way_, plans);
    batches_.erase(open);
    return {};
}

std::uint64_t Filling::oldest(std::uint64_t otherwise) const {
    for (const auto& [name, open] : batches_) otherwise = std::min(otherwise, open.batch.from());
    return otherwise;
}

std::map<std::string_view, std::set<std::string_view>> Filling::regions() const {
    std::map<std::string_view, std::set<std::string_view>> regions;
    for (const auto& [name, open] : batches_) regions[name.trail_id].insert(name.region);
    return regions;
}

}  // namespace cairn::trail
