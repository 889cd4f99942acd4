#include "view/trail/putting.h"

#include <fmt/format.h>

#include "base/json.h"
#include "view/trail/chain.h"
#include "view/trail/digest.h"
#include "view/trail/file_plan.h"
#include "view/trail/status.h"
#include "view/trail/summary.h"
#include "view/trail/summing.h"

namespace cairn::trail {

namespace {

using Kind = PlannedDelivery::Kind;

DeliveryCaller caller_of(const PlannedDelivery& planned) {
    const auto arn = parse_trail_arn(planned.trail_arn);
    return {planned.trail_arn, arn ? arn->account : planned.account};
}

std::string url_of(const PlannedDelivery& planned) { return fmt::format("s3://{}/{}", planned.bucket, planned.key); }

/// Whether the trail still delivers to where a plan goes.
bool goes_there(const Trail& trail, const follow::Plan& plan, const PlannedDelivery& planned) {
    switch (planned.kind) {
        case Kind::file: return plan.lane == file_lane(trail);
        case Kind::digest: return plan.lane == digest_lane(trail);
        case Kind::notice: return planned.topic_arn == trail.topic_arn;
        case Kind::logs: break;
    }
    return planned.log_group_arn == trail.log_group_arn;
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

}  // namespace

Putting::Putting(Parts parts, const DeliveryOptions& options)
    : parts_(std::move(parts)), compression_(options.compression), give_up_after_(options.give_up_after) {
    if (parts_.logs) logs_.emplace(*parts_.logs, parts_.clock);
}

Result<void> Putting::put(const follow::Plan& plan) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    switch (planned->kind) {
        case Kind::file: return put_file(plan, *planned);
        case Kind::digest: return put_digest(plan, *planned);
        case Kind::notice: return put_notice(*planned);
        case Kind::logs: break;
    }
    return put_logs(plan, *planned);
}

Result<void> Putting::put_file(const follow::Plan& plan, const PlannedDelivery& planned) {
    auto content = content_of(plan, planned);
    if (!content) return fail(std::move(content).error());
    if (compression_ == Compression::small) content = recompress(*content);
    return parts_.buckets.put(caller_of(planned), planned.bucket, planned.key, {*content, {}, key_of(plan, planned)});
}

Result<void> Putting::put_digest(const follow::Plan& plan, const PlannedDelivery& planned) {
    GzipMember member;
    std::string content;
    member.append(planned.digest, content);
    member.finish(content);
    return parts_.buckets.put(
        caller_of(planned), planned.bucket, planned.key,
        {content,
         {{"signature", planned.signature}, {"signature-algorithm", std::string(digest_algorithm)}},
         key_of(plan, planned)});
}

// Null when it was deleted, or delivers elsewhere by now: then what becomes of the plan is not what its status tells.
std::shared_ptr<const TrailHistory> Putting::trail_of(const follow::Plan& plan, const PlannedDelivery& planned) const {
    auto found = parts_.trails.find(planned.trail_arn);
    const bool is_same = found && found->newest().id == planned.trail_id && goes_there(found->newest(), plan, planned);
    return is_same ? std::move(found) : nullptr;
}

// The one that the trail has now: what waits for a key that is disabled goes out with the next one.
std::optional<std::string> Putting::key_of(const follow::Plan& plan, const PlannedDelivery& planned) const {
    const auto trail = trail_of(plan, planned);
    return trail ? trail->newest().key_arn : planned.key_arn;
}

Result<void> Putting::put_notice(const PlannedDelivery& planned) {
    if (!parts_.notifier) return fail(Code::not_found, "NotFound: there is no service that has topics");
    return parts_.notifier->publish(
        planned.topic_arn.value_or(""),
        to_text(JsonObject{{"s3Bucket", planned.bucket}, {"s3ObjectKey", JsonArray{planned.key}}}), planned.trail_arn);
}

Result<void> Putting::put_logs(const follow::Plan& plan, const PlannedDelivery& planned) {
    if (!logs_) return fail(Code::not_found, "ResourceNotFoundException: there is no service that has log groups");
    const auto read = [&](std::uint64_t from, const LogDelivery::Use& use) {
        return parts_.events.each(
            from, plan.to, planned,
            [&](std::uint64_t number, const EventView& event, const Trail&) { return use(number, event.raw); });
    };
    return logs_->deliver(planned.key, {planned.log_group_arn, planned.log_stream}, plan.from, read);
}

// The one kept, or made again from the log, which holds these events until they are published.
Result<std::string> Putting::content_of(const follow::Plan& plan, const PlannedDelivery& planned) {
    auto& contents = parts_.under_way.contents;
    if (auto kept = contents.find(planned.key)) return std::move(*kept);
    auto finished = remake(plan, planned);
    if (!finished) return fail(std::move(finished).error());
    if (finished->facts.hash != planned.hash)
        return fail(Code::internal, fmt::format("{} cannot be made again as it was planned", planned.key));
    contents.keep(planned.key, std::move(*finished));
    auto kept = contents.find(planned.key);
    if (!kept) return fail(Code::unavailable, fmt::format("{} cannot be read back", planned.key));
    return std::move(*kept);
}

Result<Batch::Finished> Putting::remake(const follow::Plan& plan, const PlannedDelivery& planned) {
    const auto gone = [&] {
        return fail(Code::not_found, fmt::format("the events of {} are no longer in the log", planned.key));
    };
    auto batch = parts_.under_way.spool.batch();
    if (planned.window) {
        Summary summary({planned.trail_id, planned.account, planned.region, *planned.window});
        CAIRN_TRY(
            parts_.events.each(plan.from, plan.to, planned,
                               [&](std::uint64_t number, const EventView& event, const Trail& trail) -> Result<void> {
                                   if (const auto templates = templates_of(trail.aggregation); !templates.empty())
                                       summary.add(number, event, templates);
                                   return {};
                               }));
        if (summary.empty()) return gone();
        return file_of(summary, std::move(batch));
    }
    CAIRN_TRY(parts_.events.each(plan.from, plan.to, planned,
                                 [&](std::uint64_t number, const EventView& event, const Trail&) {
                                     return batch.add(event.raw, number, event.time);
                                 }));
    if (batch.events() == 0) return gone();
    return batch.finish();
}

Result<void> Putting::publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    const auto now = parts_.clock.now();
    if (planned->kind == Kind::file) return publish_file(transaction, plan, *planned, now, more);
    if (planned->kind == Kind::logs) end_logs(*planned);
    if (!trail_of(plan, *planned)) return {};
    return note_success(transaction, planned->trail_id, planned->region, leg_of(planned->kind), now,
                        planned->kind == Kind::digest ? url_of(*planned) : std::string());
}

// Should this not be committed, the content is made again.
Result<void> Putting::publish_file(Transaction& transaction, const follow::Plan& plan, const PlannedDelivery& planned,
                                   Time now, std::vector<follow::Plan>& more) {
    CAIRN_TRY(add_file(transaction, planned.chain(),
                       {planned.bucket, planned.key, planned.hash, planned.newest, planned.oldest}, planned.planned,
                       now));
    if (trail_of(plan, planned))
        CAIRN_TRY(note_success(transaction, planned.trail_id, planned.region, Leg::file, now, url_of(planned)));
    if (planned.topic_arn) {
        auto notice = planned;
        notice.kind = Kind::notice;
        more.push_back({0, 0, 0, "notice/" + planned.trail_id, encode(notice)});
    }
    parts_.under_way.open_files.drop(plan.lane, planned.key);
    parts_.under_way.contents.drop(planned.key);
    return {};
}

// Should this not be committed, the records are sent again.
void Putting::end_logs(const PlannedDelivery& planned) {
    parts_.under_way.log_streams.done(planned.key);
    if (logs_) logs_->forget(planned.key);
}

Result<bool> Putting::failed(Transaction& transaction, const follow::Plan& plan, const Error& error) {
    const auto planned = decode_delivery(plan.body);
    if (!planned) return fail(planned.error());
    const auto now = parts_.clock.now();
    if (trail_of(plan, *planned))
        CAIRN_TRY(note_failure(transaction, planned->trail_id, planned->region, leg_of(planned->kind), now, error));
    if (planned->kind == Kind::notice) return true;  // the service sends no second one
    const bool nowhere = planned->kind == Kind::logs && !logs_;
    if (!nowhere && now - planned->planned < give_up_after_) return false;
    if (planned->kind == Kind::logs) end_logs(*planned);
    if (planned->kind == Kind::file) parts_.under_way.open_files.drop(plan.lane, planned->key);
    if (planned->kind == Kind::file) CAIRN_TRY(drop_file(transaction, planned->chain(), planned->planned));
    return true;
}

}  // namespace cairn::trail
