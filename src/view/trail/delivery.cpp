#include "view/trail/delivery.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "follow/events.h"
#include "view/trail/batch.h"
#include "view/trail/chain.h"
#include "view/trail/contents.h"
#include "view/trail/log_delivery.h"
#include "view/trail/log_streams.h"
#include "view/trail/open_files.h"
#include "view/trail/plan_body.h"
#include "view/trail/selection.h"
#include "view/trail/status.h"
#include "view/trail/summary.h"

namespace cairn::trail {

namespace {

using Kind = PlannedDelivery::Kind;

constexpr std::string_view space = "trail";
constexpr std::string_view covered_prefix = "covered/", summed_prefix = "summed/";
constexpr std::size_t digests_at_once = 100;
constexpr auto quick_interval = std::chrono::seconds(10);
constexpr std::size_t quick_files_max = 8;  // of a trail, on their way to the bucket
constexpr auto no_number = std::numeric_limits<std::uint64_t>::max();
constexpr auto forget_interval = std::chrono::hours(24);

/// One log file at a time is filled for each.
struct BatchName {
    std::string trail_id, account, region;
    Tree tree = Tree::events;

    friend auto operator<=>(const BatchName&, const BatchName&) = default;
    ChainName chain() const { return {trail_id, account, region}; }
};

std::string covered_key(const BatchName& name) {
    return fmt::format("{}{}/{}/{}/{}", covered_prefix, name.trail_id, name.account, name.region,
                       static_cast<int>(name.tree));
}

std::string summed_key(const Summary::Place& place) {
    return fmt::format("{}{}/{}/{}/{:020}", summed_prefix, place.trail_id, place.account, place.region,
                       to_milliseconds(place.window));
}

/// Settings that a log file depends on.
bool same_destination(const Trail& one, const Trail& other) {
    return one.bucket == other.bucket && one.prefix == other.prefix && one.key_arn == other.key_arn &&
           one.topic_arn == other.topic_arn && one.log_group_arn == other.log_group_arn;
}

/// Windows begin at the second of StartLogging; where validation was switched on later, at that moment.
Time begin_of(const Trail& trail, Time now) {
    constexpr auto just_now = std::chrono::minutes(1);
    return trail.started && *trail.started <= now && now - *trail.started < just_now ? *trail.started : now;
}

DeliveryCaller caller_of(const PlannedDelivery& planned) {
    const auto arn = parse_trail_arn(planned.trail_arn);
    return {planned.trail_arn, arn ? arn->account : planned.account};
}

Leg leg_of(Kind kind) {
    switch (kind) {
        case Kind::file: return Leg::file;
        case Kind::digest: return Leg::digest;
        case Kind::notice: return Leg::notice;
        case Kind::logs: break;
    }
    return Leg::logs;
}

bool wants_digests(const TrailHistory& history) {
    return !history.deleted && history.newest().logging && history.newest().validation;
}

}  // namespace

std::string file_lane(std::string_view trail_id) { return fmt::format("file/{}", trail_id); }

class Delivery::Implementation {
public:
    Implementation(Parts parts, DeliveryOptions options)
        : parts_(parts),
          options_(std::move(options)),
          reader_(parts.find_dictionary),
          contents_(parts.disk, {}),
          events_(parts.metrics.counter("cairn_trail_events_total", "Events put into log files.")) {
        if (parts.logs) logs_.emplace(*parts.logs, parts.clock);
    }

    void restart(std::uint64_t position);
    Result<follow::View::Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks);
    Result<void> store(Transaction& transaction, follow::View::Planned& planned);
    Result<void> put(const follow::Plan& plan);
    Result<void> publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more);
    Result<bool> failed(Transaction& transaction, const follow::Plan& plan, const Error& error);

private:
    struct OpenBatch {
        Batch batch;
        Trail trail;
        Time opened{};
    };
    using Batches = std::map<BatchName, OpenBatch>;
    struct OpenSummary {
        Summary summary;
        Trail trail;
        Time opened{}, due{};
    };
    using Summaries = std::map<Summary::Place, OpenSummary>;
    using Summed = std::map<Summary::Place, std::uint64_t>;

    enum class Action { begin, end, close };
    struct ChainWork {
        ChainName name;
        Trail trail;
        Action action = Action::close;
        std::optional<SigningKeys::Key> key;
    };

    Result<void> load();
    Result<void> clear_spool();
    Result<void> refresh(Time now);
    Result<void> read(std::uint64_t from, const std::vector<StoredBlock>& blocks, Time now,
                      std::vector<follow::Plan>& plans);
    Result<void> add(const BatchName& name, const Trail& trail, std::uint64_t number, const EventView& event,
                     Time ingested, Time now, std::vector<follow::Plan>& plans);
    Result<void> close_due(Time now, std::vector<follow::Plan>& plans);
    Result<void> close(Batches::iterator open, Time now, std::vector<follow::Plan>& plans);
    Result<void> sum_up(const Summary::Place& place, const Trail& trail, std::uint64_t number, const EventView& event,
                        Time ingested, Time now, std::vector<follow::Plan>& plans);
    Result<void> close(Summaries::iterator open, Time now, std::vector<follow::Plan>& plans);
    void plan_file(const Trail& trail, PlannedDelivery planned, Batch::Finished finished,
                   std::vector<follow::Plan>& plans);
    Result<Batch::Finished> file_of(const Summary& summary);
    Result<Summed> load_summed(Transaction& transaction);
    Result<void> store_summed(Transaction& transaction, const follow::View::Planned& planned);
    Result<void> find_chain_work(Time now);
    Result<std::vector<DigestToDeliver>> work_on(Transaction& transaction, const ChainWork& work, Time now);
    void adopt();

    Result<std::string> content_of(const follow::Plan& plan, const PlannedDelivery& planned);
    using Use = std::function<Result<void>(std::uint64_t number, const EventView& event, const Trail& trail)>;
    Result<void> each_selected(std::uint64_t from, std::uint64_t to, const PlannedDelivery& planned, const Use& use);
    Result<Batch::Finished> rebuild(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<void> put_file(const follow::Plan& plan, const PlannedDelivery& planned);
    Result<void> put_digest(const PlannedDelivery& planned);
    Result<void> put_notice(const PlannedDelivery& planned);
    Result<void> put_logs(const follow::Plan& plan, const PlannedDelivery& planned);
    void end_logs(const PlannedDelivery& planned);

    const Parts parts_;
    const DeliveryOptions options_;

    // Of the thread that plans.
    follow::EventReader reader_;
    std::shared_ptr<const Selection> selection_;
    std::set<std::string, std::less<>> logging_;  // ids of the trails that do, as selection_ knows them
    Batches batches_;
    Summaries summaries_;
    std::map<BatchName, std::uint64_t> covered_;  // events below are in files: what is read again after a restart
    Summed summed_;                               // the same of summaries
    std::optional<Summed> stored_summed_;         // by the last store(): adopted as stored_chains_
    std::map<ChainName, Chain> chains_;           // active ones
    bool loaded_ = false, spool_cleared_ = false;
    std::vector<ChainWork> work_;
    Time work_time_{};
    std::vector<std::pair<ChainName, Chain>>
        stored_chains_;  // by the last store(): adopted when it is known to have succeeded
    std::vector<Selection::Hit> hits_;
    Time forgotten_{};

    std::atomic<std::uint64_t> spool_number_{0};
    Contents contents_;
    OpenFiles open_files_;
    std::optional<LogDelivery> logs_;
    LogStreams log_streams_;
    Counter& events_;
};

void Delivery::Implementation::restart(std::uint64_t) {
    batches_.clear();
    log_streams_.clear();
    summaries_.clear();
    open_files_.clear();
    stored_summed_.reset();
    stored_chains_.clear();
    work_.clear();
    loaded_ = false;
}

Result<void> Delivery::Implementation::load() {
    std::map<BatchName, std::uint64_t> covered;
    std::map<ChainName, Chain> chains;
    Summed summed;
    CAIRN_TRY(clear_spool());
    CAIRN_TRY(parts_.store.view([&](Transaction& transaction) -> Result<void> {
        const auto rows = transaction.scan(space, covered_prefix, "", std::numeric_limits<std::size_t>::max());
        if (!rows) return fail(rows.error());
        for (const auto& [key, value] : *rows) {
            const auto json = parse_json(value);
            if (!json || !json->find("to")) return fail(Code::corrupt, fmt::format("{}: damaged", key));
            covered[{std::string(json->text("trail")), std::string(json->text("account")),
                     std::string(json->text("region")),
                     static_cast<Tree>(json->find("tree") ? json->find("tree")->as_integer() : 0)}] =
                static_cast<std::uint64_t>(json->find("to")->as_integer());
        }
        auto sums = load_summed(transaction);
        if (!sums) return fail(std::move(sums).error());
        summed = std::move(*sums);
        auto active = load_active_chains(transaction);
        if (!active) return fail(std::move(active).error());
        for (auto& [name, chain] : *active) chains.insert_or_assign(name, chain);
        return {};
    }));
    covered_ = std::move(covered);
    summed_ = std::move(summed);
    chains_ = std::move(chains);
    loaded_ = true;
    return {};
}

// What an earlier process left there.
Result<void> Delivery::Implementation::clear_spool() {
    if (spool_cleared_) return {};
    CAIRN_TRY(parts_.disk.make_folder(options_.spool_folder));
    const auto left = parts_.disk.list(options_.spool_folder);
    if (!left) return fail(left.error());
    for (const auto& name : *left) CAIRN_TRY(parts_.disk.remove(fmt::format("{}/{}", options_.spool_folder, name)));
    spool_cleared_ = true;
    return {};
}

void Delivery::Implementation::adopt() {
    for (auto& [name, chain] : stored_chains_) {
        if (chain.active)
            chains_.insert_or_assign(name, chain);
        else
            chains_.erase(name);
    }
    stored_chains_.clear();
    if (stored_summed_) summed_ = *std::exchange(stored_summed_, std::nullopt);
}

Result<Delivery::Implementation::Summed> Delivery::Implementation::load_summed(Transaction& transaction) {
    const auto rows = transaction.scan(space, summed_prefix, "", std::numeric_limits<std::size_t>::max());
    if (!rows) return fail(rows.error());
    Summed summed;
    for (const auto& [key, value] : *rows) {
        const auto json = parse_json(value);
        const auto* window = json ? json->find("window") : nullptr;
        const auto* to = json ? json->find("to") : nullptr;
        if (!window || !to) return fail(Code::corrupt, fmt::format("{}: damaged", key));
        summed[{std::string(json->text("trail")), std::string(json->text("account")), std::string(json->text("region")),
                from_milliseconds(window->as_integer())}] = static_cast<std::uint64_t>(to->as_integer());
    }
    return summed;
}

// A row is of use while events below it may be read again.
Result<void> Delivery::Implementation::store_summed(Transaction& transaction, const follow::View::Planned& planned) {
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
            CAIRN_TRY(transaction.put(space, summed_key(place),
                                      to_text(JsonObject{{"trail", place.trail_id},
                                                         {"account", place.account},
                                                         {"region", place.region},
                                                         {"window", to_milliseconds(place.window)},
                                                         {"to", to}})));
        }
        row = next;
    }
    stored_summed_ = std::move(summed);
    return {};
}

Result<void> Delivery::Implementation::refresh(Time now) {
    if (now - forgotten_ > forget_interval || now < forgotten_) {
        CAIRN_TRY(parts_.trails.forget_before(now - options_.give_up_after - forget_interval));
        forgotten_ = now;
    }
    auto snapshot = parts_.trails.snapshot();
    if (selection_ && selection_->generation() == snapshot.generation) return {};
    logging_.clear();
    for (const auto& history : snapshot.trails)
        if (!history->deleted && history->newest().logging) logging_.insert(history->newest().id);
    selection_ = std::make_shared<const Selection>(std::move(snapshot));
    return {};
}

Result<follow::View::Planned> Delivery::Implementation::plan(std::uint64_t from,
                                                             const std::vector<StoredBlock>& blocks) {
    adopt();
    const auto now = parts_.clock.now();
    if (!loaded_) CAIRN_TRY(load());
    CAIRN_TRY(refresh(now));

    follow::View::Planned planned;
    CAIRN_TRY(read(from, blocks, now, planned.plans));
    CAIRN_TRY(close_due(now, planned.plans));
    CAIRN_TRY(find_chain_work(now));
    planned.read_to = blocks.empty() ? from : std::max(from, blocks.back().first_number + blocks.back().event_count);
    planned.position = planned.read_to;
    for (const auto& [name, open] : batches_) planned.position = std::min(planned.position, open.batch.from());
    for (const auto& [place, open] : summaries_) planned.position = std::min(planned.position, open.summary.from());
    planned.store = !work_.empty();
    return planned;
}

Result<void> Delivery::Implementation::read(std::uint64_t from, const std::vector<StoredBlock>& blocks, Time now,
                                            std::vector<follow::Plan>& plans) {
    if (selection_->empty()) return {};
    for (const auto& block : blocks) {
        const auto read = reader_.each(
            block, from, no_number,
            [&](std::uint64_t number, const EventView& event, const Envelope& envelope) -> Result<void> {
                selection_->select(event, envelope, hits_);
                for (const auto& hit : hits_) {
                    CAIRN_TRY(add({hit.trail->id, std::string(event.account), std::string(event.region), hit.tree},
                                  *hit.trail, number, event, envelope.ingest_time, now, plans));
                    if (event.category == Category::data)
                        CAIRN_TRY(sum_up({hit.trail->id, std::string(event.account), std::string(event.region),
                                          window_of(event.time)},
                                         *hit.trail, number, event, envelope.ingest_time, now, plans));
                }
                return {};
            });
        if (read) continue;
        if (read.error().code != Code::corrupt) return read;
        log_error("a damaged block is left out of trails",
                  {{"number", block.first_number}, {"reason", read.error().message}});
    }
    return {};
}

Result<void> Delivery::Implementation::add(const BatchName& name, const Trail& trail, std::uint64_t number,
                                           const EventView& event, Time ingested, Time now,
                                           std::vector<follow::Plan>& plans) {
    const auto covered = covered_.find(name);
    if (covered != covered_.end() && number < covered->second) return {};
    constexpr std::size_t frame_bytes = 16;
    auto open = batches_.find(name);
    if (open != batches_.end() &&
        (open->second.batch.bytes() + event.raw.size() + frame_bytes > options_.file_bytes_max ||
         !same_destination(open->second.trail, trail))) {
        CAIRN_TRY(close(open, now, plans));
        open = batches_.end();
    }
    if (open == batches_.end())
        open = batches_
                   .emplace(name,
                            OpenBatch{Batch(parts_.disk, fmt::format("{}/{}", options_.spool_folder, ++spool_number_)),
                                      trail, std::min(ingested, now)})
                   .first;
    return open->second.batch.add(event.raw, number, event.time);
}

// Quick files come as fast as they can be put: while some wait, the next ones grow. The oldest is closed first.
Result<void> Delivery::Implementation::close_due(Time now, std::vector<follow::Plan>& plans) {
    std::vector<Batches::iterator> due;
    for (auto open = batches_.begin(); open != batches_.end(); ++open) {
        const auto opened = open->second.opened;
        const bool set_back = now < opened;  // the clock: nobody waits for it to come again
        if (now >= opened + options_.delivery_interval || !logging_.contains(open->first.trail_id) || set_back)
            due.push_back(open);
    }
    std::ranges::sort(due, {}, [](const Batches::iterator& open) { return open->second.opened; });
    for (const auto& open : due) {
        const auto& trail_id = open->first.trail_id;
        const bool waits = options_.delivery_interval < quick_interval && logging_.contains(trail_id) &&
                           open_files_.count(trail_id) >= quick_files_max;
        if (!waits) CAIRN_TRY(close(open, now, plans));
    }
    for (auto open = summaries_.begin(); open != summaries_.end();) {
        const auto next = std::next(open);
        const bool set_back = now < open->second.opened;
        if (now >= open->second.due || !logging_.contains(open->first.trail_id) || set_back)
            CAIRN_TRY(close(open, now, plans));
        open = next;
    }
    return {};
}

Result<void> Delivery::Implementation::sum_up(const Summary::Place& place, const Trail& trail, std::uint64_t number,
                                              const EventView& event, Time ingested, Time now,
                                              std::vector<follow::Plan>& plans) {
    const auto templates = templates_of(trail.aggregation);
    const auto summed = summed_.find(place);
    if (templates.empty()) return {};
    if (summed != summed_.end() && number < summed->second) return {};
    auto open = summaries_.find(place);
    if (open != summaries_.end() && !same_destination(open->second.trail, trail)) {
        CAIRN_TRY(close(open, now, plans));
        open = summaries_.end();
    }
    if (open == summaries_.end()) {
        // When the window is over; at once after the usual interval when it is over already, or far ahead.
        const auto opened = std::min(ingested, now);
        const auto due = std::clamp<Time>(place.window + summary_window, opened, opened + summary_window) +
                         options_.delivery_interval;
        open = summaries_.emplace(place, OpenSummary{Summary(place), trail, opened, due}).first;
    }
    open->second.summary.add(number, event, templates);
    return open->second.summary.full() ? close(open, now, plans) : Result<void>();
}

Result<Batch::Finished> Delivery::Implementation::file_of(const Summary& summary) {
    Batch batch(parts_.disk, fmt::format("{}/{}", options_.spool_folder, ++spool_number_));
    for (const auto& record : summary.records()) CAIRN_TRY(batch.add(record, summary.from(), summary.place().window));
    auto finished = batch.finish();
    if (!finished) return finished;
    finished->facts.from = summary.from();
    finished->facts.to = summary.to();
    return finished;
}

Result<void> Delivery::Implementation::close(Summaries::iterator open, Time now, std::vector<follow::Plan>& plans) {
    const auto& [place, one] = *open;
    if (!one.summary.empty()) {
        auto finished = file_of(one.summary);
        if (!finished) return fail(std::move(finished).error());
        PlannedDelivery planned;
        planned.trail_id = place.trail_id;
        planned.account = place.account;
        planned.region = place.region;
        planned.tree = Tree::aggregated;
        planned.window = place.window;
        planned.planned = now;
        plan_file(one.trail, std::move(planned), std::move(*finished), plans);
    }
    summaries_.erase(open);
    return {};
}

Result<void> Delivery::Implementation::close(Batches::iterator open, Time now, std::vector<follow::Plan>& plans) {
    const auto& name = open->first;
    const auto& trail = open->second.trail;
    auto finished = open->second.batch.finish();
    if (!finished) return fail(std::move(finished).error());
    PlannedDelivery planned;
    planned.trail_id = name.trail_id;
    planned.account = name.account;
    planned.region = name.region;
    planned.tree = name.tree;
    planned.planned = now;
    events_.add(finished->facts.events);
    plan_file(trail, std::move(planned), std::move(*finished), plans);
    batches_.erase(open);
    return {};
}

// The rest of `planned` is what trail and content say.
void Delivery::Implementation::plan_file(const Trail& trail, PlannedDelivery planned, Batch::Finished finished,
                                         std::vector<follow::Plan>& plans) {
    const auto& facts = finished.facts;
    const auto prefix = trail.prefix.value_or("");
    planned.kind = Kind::file;
    planned.trail_arn = trail.arn();
    planned.bucket = trail.bucket;
    planned.key = log_file_key({prefix, "", planned.account, tree_name(planned.tree), planned.region}, planned.planned,
                               unique_name());
    planned.key_arn = trail.key_arn;
    planned.topic_arn = trail.topic_arn;
    planned.hash = facts.hash;
    planned.oldest = facts.oldest;
    planned.newest = facts.newest;
    plans.push_back({0, facts.from, facts.to, file_lane(planned.trail_id), encode(planned)});
    if (trail.log_group_arn && !planned.window) {
        planned.kind = Kind::logs;
        planned.log_group_arn = *trail.log_group_arn;
        const auto stream = log_streams_.choose(planned.trail_id, planned.key, facts.bytes);
        planned.log_stream = log_stream_name(trail.account, trail.home_region, stream);
        plans.push_back(
            {0, facts.from, facts.to, fmt::format("logs/{}/{}", planned.trail_id, stream), encode(planned)});
    }
    open_files_.add(planned.trail_id, planned.key);
    contents_.keep(planned.key, std::move(finished));
}

// Which chains begin, end, or have a window that is over.
Result<void> Delivery::Implementation::find_chain_work(Time now) {
    work_.clear();
    work_time_ = now;
    std::map<std::string, const TrailHistory*> by_id;
    std::map<std::string_view, std::set<std::string_view>> regions_filled;
    for (const auto& [name, open] : batches_) regions_filled[name.trail_id].insert(name.region);
    const auto snapshot = parts_.trails.snapshot();
    for (const auto& history : snapshot.trails) {
        const auto& trail = history->newest();
        by_id[trail.id] = history.get();
        if (!wants_digests(*history)) continue;
        std::set<std::string> regions{trail.home_region};
        if (trail.multi_region) regions.insert(options_.regions.begin(), options_.regions.end());
        if (const auto filled = regions_filled.find(trail.id); filled != regions_filled.end())
            regions.insert(filled->second.begin(), filled->second.end());
        for (const auto& region : regions) {
            const ChainName name{trail.id, trail.account, region};
            const auto chain = chains_.find(name);
            if (chain == chains_.end() || chain->second.ending) work_.push_back({name, trail, Action::begin, {}});
        }
    }
    for (const auto& [name, chain] : chains_) {
        const auto known = by_id.find(name.trail_id);
        if (known == by_id.end()) continue;
        const auto& trail = known->second->newest();
        if (!wants_digests(*known->second) && !chain.ending) work_.push_back({name, trail, Action::end, {}});
        if (chain.window_end <= now) work_.push_back({name, trail, Action::close, {}});
    }
    for (auto& work : work_) {
        if (work.action == Action::end) continue;
        auto key = parts_.keys.current(work.name.region, now);
        if (!key) return fail(std::move(key).error());
        work.key = std::move(*key);
    }
    return {};
}

Result<std::vector<DigestToDeliver>> Delivery::Implementation::work_on(Transaction& transaction, const ChainWork& work,
                                                                       Time now) {
    if (work.action == Action::end) {
        CAIRN_TRY(end_chain(transaction, work.name));
        return std::vector<DigestToDeliver>{};
    }
    const ChainContext context{work.trail, *work.key, options_.digest_interval};
    if (work.action == Action::begin) return begin_chain(transaction, work.name, context, begin_of(work.trail, now));
    return close_windows(transaction, work.name, context, now, digests_at_once);
}

Result<void> Delivery::Implementation::store(Transaction& transaction, follow::View::Planned& planned) {
    stored_chains_.clear();
    CAIRN_TRY(store_summed(transaction, planned));
    for (const auto& plan : planned.plans) {
        const auto file = decode_delivery(plan.body);
        if (!file) return fail(file.error());
        if (file->kind != Kind::file) continue;
        const BatchName name{file->trail_id, file->account, file->region, file->tree};
        if (!file->window)
            CAIRN_TRY(transaction.put(space, covered_key(name),
                                      to_text(JsonObject{{"trail", name.trail_id},
                                                         {"account", name.account},
                                                         {"region", name.region},
                                                         {"tree", static_cast<int>(name.tree)},
                                                         {"to", plan.to}})));
        CAIRN_TRY(count_open_files(transaction, name.chain(), 1));
    }
    for (const auto& work : work_) {
        auto digests = work_on(transaction, work, work_time_);
        if (!digests) return fail(std::move(digests).error());
        for (auto& made : *digests) {
            PlannedDelivery delivery;
            delivery.kind = Kind::digest;
            delivery.trail_id = work.name.trail_id;
            delivery.trail_arn = work.trail.arn();
            delivery.account = work.name.account;
            delivery.region = work.name.region;
            delivery.bucket = std::move(made.bucket);
            delivery.key = std::move(made.key);
            delivery.key_arn = work.trail.key_arn;
            delivery.planned = work_time_;
            delivery.digest = std::move(made.digest.json);
            delivery.signature = std::move(made.digest.signature);
            planned.plans.push_back({0, 0, 0, "digest/" + work.name.trail_id, encode(delivery)});
        }
        auto chain = load_chain(transaction, work.name);
        if (!chain) return fail(std::move(chain).error());
        stored_chains_.emplace_back(work.name, std::move(*chain));
    }
    return {};
}

Result<void> Delivery::Implementation::put(const follow::Plan& plan) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    switch (planned->kind) {
        case Kind::file: return put_file(plan, *planned);
        case Kind::digest: return put_digest(*planned);
        case Kind::notice: return put_notice(*planned);
        case Kind::logs: break;
    }
    return put_logs(plan, *planned);
}

Result<void> Delivery::Implementation::put_file(const follow::Plan& plan, const PlannedDelivery& planned) {
    auto content = content_of(plan, planned);
    if (!content) return fail(std::move(content).error());
    if (options_.compression == Compression::small) content = recompress(*content);
    return parts_.buckets.put(caller_of(planned), planned.bucket, planned.key, {*content, {}, planned.key_arn});
}

Result<void> Delivery::Implementation::put_digest(const PlannedDelivery& planned) {
    GzipMember member;
    std::string content;
    member.append(planned.digest, content);
    member.finish(content);
    return parts_.buckets.put(
        caller_of(planned), planned.bucket, planned.key,
        {content,
         {{"signature", planned.signature}, {"signature-algorithm", std::string(digest_algorithm)}},
         planned.key_arn});
}

Result<void> Delivery::Implementation::put_notice(const PlannedDelivery& planned) {
    if (!parts_.notifier) return fail(Code::not_found, "NotFound: there is no service that has topics");
    return parts_.notifier->publish(
        planned.topic_arn.value_or(""),
        to_text(JsonObject{{"s3Bucket", planned.bucket}, {"s3ObjectKey", JsonArray{planned.key}}}), planned.trail_arn);
}

Result<void> Delivery::Implementation::put_logs(const follow::Plan& plan, const PlannedDelivery& planned) {
    if (!logs_) return fail(Code::not_found, "ResourceNotFoundException: there is no service that has log groups");
    return logs_->deliver(planned.key, {planned.log_group_arn, planned.log_stream}, plan.from,
                          [&](std::uint64_t from, const LogDelivery::Use& use) {
                              return each_selected(from, plan.to, planned,
                                                   [&](std::uint64_t number, const EventView& event, const Trail&) {
                                                       return use(number, event.raw);
                                                   });
                          });
}

// The one kept, or made again from the log, which holds these events until they are published.
Result<std::string> Delivery::Implementation::content_of(const follow::Plan& plan, const PlannedDelivery& planned) {
    if (auto kept = contents_.find(planned.key)) return std::move(*kept);
    auto finished = rebuild(plan, planned);
    if (!finished) return fail(std::move(finished).error());
    if (finished->facts.hash != planned.hash)
        return fail(Code::internal, fmt::format("{} cannot be made again as it was planned", planned.key));
    contents_.keep(planned.key, std::move(*finished));
    auto kept = contents_.find(planned.key);
    if (!kept) return fail(Code::unavailable, fmt::format("{} cannot be read back", planned.key));
    return std::move(*kept);
}

// Events that planning could not read are left out here, too.
Result<void> Delivery::Implementation::each_selected(std::uint64_t from, std::uint64_t to,
                                                     const PlannedDelivery& planned, const Use& use) {
    constexpr std::size_t read_bytes = 4 << 20;
    const Selection selection(parts_.trails.snapshot());
    follow::EventReader reader(parts_.find_dictionary);
    std::vector<Selection::Hit> hits;
    while (from < to) {
        const auto blocks = parts_.log.read(from, read_bytes);
        if (!blocks) return fail(blocks.error());
        if (blocks->empty()) break;
        for (const auto& block : *blocks) {
            const auto read = reader.each(
                block, from, to,
                [&](std::uint64_t number, const EventView& event, const Envelope& envelope) -> Result<void> {
                    const bool fits = planned.window
                                          ? event.category == Category::data && window_of(event.time) == *planned.window
                                          : tree_of(event) == planned.tree;
                    if (event.account != planned.account || event.region != planned.region || !fits) return {};
                    selection.select(event, envelope, hits);
                    const auto hit = std::ranges::find(
                        hits, planned.trail_id, [](const auto& one) -> const std::string& { return one.trail->id; });
                    return hit == hits.end() ? Result<void>() : use(number, event, *hit->trail);
                });
            if (!read && read.error().code != Code::corrupt) return read;
            from = std::max(from, block.first_number + block.event_count);
        }
    }
    return {};
}

Result<Batch::Finished> Delivery::Implementation::rebuild(const follow::Plan& plan, const PlannedDelivery& planned) {
    const auto gone = [&] {
        return fail(Code::not_found, fmt::format("the events of {} are no longer in the log", planned.key));
    };
    if (planned.window) {
        Summary summary({planned.trail_id, planned.account, planned.region, *planned.window});
        CAIRN_TRY(each_selected(plan.from, plan.to, planned,
                                [&](std::uint64_t number, const EventView& event, const Trail& trail) -> Result<void> {
                                    if (const auto templates = templates_of(trail.aggregation); !templates.empty())
                                        summary.add(number, event, templates);
                                    return {};
                                }));
        if (summary.empty()) return gone();
        return file_of(summary);
    }
    Batch batch(parts_.disk, fmt::format("{}/{}", options_.spool_folder, ++spool_number_));
    CAIRN_TRY(
        each_selected(plan.from, plan.to, planned, [&](std::uint64_t number, const EventView& event, const Trail&) {
            return batch.add(event.raw, number, event.time);
        }));
    if (batch.events() == 0) return gone();
    return batch.finish();
}

Result<void> Delivery::Implementation::publish(Transaction& transaction, const follow::Plan& plan,
                                               std::vector<follow::Plan>& more) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    const auto now = parts_.clock.now();
    const auto url = fmt::format("s3://{}/{}", planned->bucket, planned->key);
    if (planned->kind == Kind::logs) end_logs(*planned);
    if (planned->kind == Kind::digest)
        return note_success(transaction, planned->trail_id, planned->region, Leg::digest, now, url);
    if (planned->kind != Kind::file)
        return note_success(transaction, planned->trail_id, planned->region, leg_of(planned->kind), now);
    CAIRN_TRY(add_file(transaction, planned->chain(),
                       {planned->bucket, planned->key, planned->hash, planned->newest, planned->oldest}, now));
    CAIRN_TRY(note_success(transaction, planned->trail_id, planned->region, Leg::file, now, url));
    if (planned->topic_arn) {
        auto notice = *planned;
        notice.kind = Kind::notice;
        more.push_back({0, 0, 0, "notice/" + planned->trail_id, encode(notice)});
    }
    open_files_.drop(planned->trail_id, planned->key);
    contents_.drop(planned->key);  // should this not be committed, the content is made again
    return {};
}

// Should this not be committed, the records are sent again.
void Delivery::Implementation::end_logs(const PlannedDelivery& planned) {
    log_streams_.done(planned.key);
    if (logs_) logs_->forget(planned.key);
}

Result<bool> Delivery::Implementation::failed(Transaction& transaction, const follow::Plan& plan, const Error& error) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    const auto now = parts_.clock.now();
    CAIRN_TRY(note_failure(transaction, planned->trail_id, planned->region, leg_of(planned->kind), now, error));
    if (planned->kind == Kind::notice) return true;  // the service sends no second one
    const bool nowhere = planned->kind == Kind::logs && !logs_;
    if (!nowhere && now - planned->planned < options_.give_up_after) return false;
    if (planned->kind == Kind::logs) end_logs(*planned);
    if (planned->kind == Kind::file) open_files_.drop(planned->trail_id, planned->key);
    if (planned->kind == Kind::file) CAIRN_TRY(count_open_files(transaction, planned->chain(), -1));
    return true;
}

Delivery::Delivery(Parts parts, DeliveryOptions options)
    : implementation_(std::make_unique<Implementation>(parts, std::move(options))) {}
Delivery::~Delivery() = default;
void Delivery::restart(std::uint64_t position) { implementation_->restart(position); }
Result<follow::View::Planned> Delivery::plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) {
    return implementation_->plan(from, blocks);
}
Result<void> Delivery::store(Transaction& transaction, Planned& planned) {
    return implementation_->store(transaction, planned);
}
Result<void> Delivery::put(const follow::Plan& plan) { return implementation_->put(plan); }
Result<void> Delivery::publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more) {
    return implementation_->publish(transaction, plan, more);
}
Result<bool> Delivery::failed(Transaction& transaction, const follow::Plan& plan, const Error& error) {
    return implementation_->failed(transaction, plan, error);
}

}  // namespace cairn::trail
