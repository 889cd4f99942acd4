#include "view/session/view.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "follow/progress.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

Json object_in(std::string_view text) {
    if (!text.starts_with('{')) return {};
    auto json = parse_json(text);
    return json ? std::move(*json) : Json();
}

}  // namespace

SessionView::SessionView(Parts parts, ViewOptions options)
    : parts_(std::move(parts)), options_(options), reader_(parts_.find_dictionary) {}

Result<void> SessionView::open(std::uint64_t log_end) {
    CAIRN_TRY(parts_.disk.make_folder(parts_.folder));
    const auto there = parts_.disk.exists(path());
    if (!there) return fail(there.error());
    if (*there) {
        const auto text = read_file(parts_.disk, path());
        if (!text) return fail(text.error());
        auto loaded = parts_.graph.load(*text);
        if (loaded && *loaded > log_end) {
            parts_.graph.clear();
            loaded = fail(Code::corrupt, "the session graph is of a longer log");
        }
        if (!loaded && loaded.error().code != Code::corrupt) return fail(loaded.error());
        if (loaded)
            position_ = saved_ = *loaded;
        else
            log_warning("the session graph is learned anew", {{"file", path()}, {"reason", loaded.error().message}});
    }
    // The file counts: the follower's own note may be of another.
    return parts_.store.transact(
        [&](Transaction& transaction) { return follow::store_progress(transaction, name(), position_, 1); });
}

Result<void> SessionView::save() {
    if (position_ == saved_) return {};
    CAIRN_TRY(replace_file(parts_.disk, path(),
                           [&](const WriteBytes& write) { return parts_.graph.save(position_, write); }));
    saved_ = position_;
    return {};
}

LiveLearner& SessionView::learner(std::uint64_t log_end) {
    recent_.begin_at(log_end);
    return recent_;
}

Result<follow::View::Planned> SessionView::plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) {
    Planned planned{.read_to = from, .position = from, .plans = {}};
    for (const auto& block : blocks) {
        const auto begin = std::max(from, block.first_number), end = block.first_number + block.event_count;
        const auto notes = recent_.take(begin, end);
        CAIRN_TRY(notes ? recall(block, *notes) : read(block, begin, end));
        planned.read_to = planned.position = std::max(planned.position, end);
    }
    position_ = planned.position;
    if (const auto now = parts_.clock.now(); now >= save_due_) {
        save_due_ = now + options_.save_pause;
        if (const auto saved = save(); !saved)
            log_warning("the session graph is not saved", {{"reason", saved.error().message}});
    }
    return planned;
}

Result<void> SessionView::read(const StoredBlock& block, std::uint64_t from, std::uint64_t to) {
    const auto use = [&](std::uint64_t, const EventView& event, const Envelope& envelope) -> Result<void> {
        if (is_call(event.category)) learn(call_of(event, envelope.gateway.empty(), envelope.evidence));
        return {};
    };
    const auto wants = [&](std::string_view record, const Envelope& envelope) {
        if (envelope.gateway.empty()) return !told_.tells_nothing(record);
        return envelope.evidence.empty() || !told_.tells_nothing(record, envelope.evidence);
    };
    return reader_.each(block, from, to, use, wants);
}

Result<void> SessionView::recall(const StoredBlock& block, const std::vector<CallNote>& notes) {
    for (const auto& note : notes) {
        if (note.key != 0 && told_.knows({note.key, note.use}, note.at)) continue;
        if (!note.text.empty())
            learn(unpack(note.text, note.at));
        else  // the key has ended meanwhile
            CAIRN_TRY(read(block, note.number, note.number + 1));
    }
    return {};
}

void SessionView::learn(const Call& call) {
    const bool more = tells_more(call.event_source, call.event_name, call.error_code);
    if (!more && call.key_id.empty()) return;

    Json evidence;
    if (!call.evidence.empty())
        if (auto read = parse_json(call.evidence)) evidence = std::move(*read);
    if (evidence.text("confidence") == "foreign") return;  // anybody may have answered, and anything
    const auto space = evidence.text("upstream");
    const auto type = call.identity_type;
    const bool somebody = !type.empty() && type != "Unknown" && type != "AWSAccount" && type != "AWSService";
    if (!more && !may_name_caller(call.error_message) &&
        parts_.graph.knows_use(space, call.key_id, somebody ? call.arn : std::string_view(), call.at,
                               call.from_trail && somebody)) {
        if (somebody || !call.from_trail) note(call, space);
        return;
    }

    const auto identity = object_in(call.identity);
    const auto parameters = object_in(call.parameters);
    const auto* answer = evidence.find("answer");
    const auto elements = answer ? Json() : object_in(call.elements);
    if (!answer) answer = &elements;
    if (more && call.event_source == "iam.amazonaws.com") {  // they may end
        if (const auto key_id = parameters.text("accessKeyId"); !key_id.empty()) told_.forget_key(key_id);
        if (call.event_name == "DeleteUser") told_.forget_user(parameters.text("userName"));
    }
    parts_.graph.learn({.space = space,
                        .event_source = call.event_source,
                        .event_name = call.event_name,
                        .account = call.account,
                        .event_id = call.event_id,
                        .error_code = call.error_code,
                        .error_message = call.error_message,
                        .key_id = call.key_id,
                        .user_identity = &identity,
                        .request_parameters = &parameters,
                        .answer = answer,
                        .at = call.at,
                        .from_trail = call.from_trail,
                        .verified = call.from_trail || evidence.text("confidence") == "confirmed"});
    if (call.from_trail && somebody && !more) note(call, space);
}

void SessionView::note(const Call& call, std::string_view space) {
    if (call.from_trail != space.empty()) return;  // not as services and gateways write them
    const auto valid = parts_.graph.validity(space, call.key_id, call.at);
    if (!valid) return;
    // Now and then it is to be noted that the key is in use.
    const auto to = std::min(valid->second, call.at + std::chrono::hours(24 * 14));
    told_.note(use_of(call.key_id, call.arn, space), call.arn, valid->first, to);
}

}  // namespace cairn::session
