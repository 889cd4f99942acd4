#include "view/trail/planning.h"

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "view/trail/chain.h"
#include "view/trail/plan_body.h"

namespace cairn::trail {

namespace {

constexpr auto no_number = std::numeric_limits<std::uint64_t>::max();
constexpr auto forget_interval = std::chrono::hours(24);

}  // namespace

Planning::Planning(Parts parts, const DeliveryOptions& options)
    : parts_(parts),
      give_up_after_(options.give_up_after),
      reader_(parts.find_dictionary),
      filling_(parts.under_way, {options.delivery_interval, options.file_bytes_max},
               parts.metrics.counter("cairn_trail_events_total", "Events put into log files.")),
      summing_(parts.under_way, options.delivery_interval),
      digests_(parts.trails, parts.keys, parts.key_maker, options.digest_interval, options.regions) {}

void Planning::restart() {
    filling_.restart();
    summing_.restart();
    digests_.restart();
    parts_.under_way.log_streams.clear();
    parts_.under_way.open_files.clear();
    loaded_ = false;
}

Result<void> Planning::load() {
    CAIRN_TRY(parts_.under_way.spool.clear());
    CAIRN_TRY(parts_.store.view([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(filling_.load(transaction));
        CAIRN_TRY(summing_.load(transaction));
        return digests_.load(transaction);
    }));
    loaded_ = true;
    return {};
}

Result<void> Planning::refresh(Time now) {
    if (now - forgotten_ > forget_interval || now < forgotten_) {
        CAIRN_TRY(parts_.trails.forget_before(now - give_up_after_ - forget_interval));
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

Result<follow::View::Planned> Planning::plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) {
    summing_.adopt();
    digests_.adopt();
    const auto now = parts_.clock.now();
    if (!loaded_) CAIRN_TRY(load());
    CAIRN_TRY(refresh(now));

    follow::View::Planned planned;
    CAIRN_TRY(read(from, blocks, now, planned.plans));
    CAIRN_TRY(filling_.close_due(now, logging_, planned.plans));
    CAIRN_TRY(summing_.close_due(now, logging_, planned.plans));
    CAIRN_TRY(digests_.find(now, filling_.regions()));
    planned.read_to = blocks.empty() ? from : std::max(from, blocks.back().first_number + blocks.back().event_count);
    planned.position = summing_.oldest(filling_.oldest(planned.read_to));
    planned.store = !digests_.empty();
    return planned;
}

Result<void> Planning::read(std::uint64_t from, const std::vector<StoredBlock>& blocks, Time now,
                            std::vector<follow::Plan>& plans) {
    if (selection_->empty()) return {};
    for (const auto& block : blocks) {
        const auto read = reader_.each(block, from, no_number,
                                       [&](std::uint64_t number, const EventView& event, const Envelope& envelope) {
                                           return add(number, event, envelope, now, plans);
                                       });
        if (read) continue;
        if (read.error().code != Code::corrupt) return read;
        log_error("a damaged block is left out of trails",
                  {{"number", block.first_number}, {"reason", read.error().message}});
    }
    return {};
}

Result<void> Planning::add(std::uint64_t number, const EventView& event, const Envelope& envelope, Time now,
                           std::vector<follow::Plan>& plans) {
    selection_->select(event, envelope, hits_);
    for (const auto& hit : hits_) {
        CAIRN_TRY(filling_.add({hit.trail->id, event.account, event.region, hit.tree}, *hit.trail, number, event,
                               envelope.ingest_time, now, plans));
        if (event.category == Category::data)
            CAIRN_TRY(summing_.add(*hit.trail, number, event, envelope.ingest_time, now, plans));
    }
    return {};
}

Result<void> Planning::store(Transaction& transaction, follow::View::Planned& planned) {
    CAIRN_TRY(summing_.store(transaction, planned));
    for (const auto& plan : planned.plans) {
        const auto file = decode_delivery(plan.body);
        if (!file) return fail(file.error());
        if (file->kind != PlannedDelivery::Kind::file) continue;
        if (!file->window) CAIRN_TRY(Filling::store(transaction, *file, plan.to));
        CAIRN_TRY(open_file(transaction, file->chain(), file->planned));
    }
    return digests_.store(transaction, planned.plans);
}

}  // namespace cairn::trail
