#include "view/session/told.h"

#include <span>

#include "base/hash.h"
#include "event/find_bytes.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

/// Where in a record something begins, as services write it.
const BytesFinder identity_begin(R"("userIdentity":{)"), key_begin(R"("accessKeyId":")"), arn_begin(R"("arn":")"),
    name_begin(R"("eventName":")"), time_begin(R"("eventTime":")"), no_answer(R"("responseElements":null)"),
    refusal("is not authorized to perform");

/// The text between `begin` and the next quote; empty if there is none.
std::string_view text_behind(std::string_view record, const BytesFinder& begin) {
    const auto at = begin.find(record);
    if (at == std::string_view::npos) return {};
    record.remove_prefix(at + begin.term().size());
    const auto end = record.find('"');
    return end == std::string_view::npos ? std::string_view() : record.substr(0, end);
}

/// userIdentity's object; empty if it is not there as services write it, without white space.
std::string_view identity_bytes(std::string_view record) {
    const auto at = identity_begin.find(record);
    if (at == std::string_view::npos) return {};
    record.remove_prefix(at + identity_begin.term().size() - 1);
    int depth = 0;
    for (std::size_t i = 0; i < record.size(); ++i) {
        const char c = record[i];
        if (c == '"') {
            const auto end = record.find('"', i + 1);
            if (end == std::string_view::npos) return {};
            if (record.substr(i, end - i).find('\\') != std::string_view::npos) return {};  // rare: it is parsed
            i = end;
        } else if (c == '{') {
            ++depth;
        } else if (c == '}' && --depth == 0) {
            return record.substr(0, i + 1);
        }
    }
    return {};
}

struct Caller {
    std::string_view key_id, arn;
};

std::string_view last_part(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

/// Nothing: userIdentity is not as services write it, and has to be parsed.
std::optional<Caller> caller_of(std::string_view record) {
    const auto identity = identity_bytes(record);
    if (identity.empty()) return std::nullopt;
    return Caller{text_behind(identity, key_begin), text_behind(identity, arn_begin)};
}

constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

std::optional<Said> said_in(std::string_view evidence) {
    const auto take = [&](std::string_view begin) -> std::optional<std::string_view> {
        if (!evidence.starts_with(begin)) return std::nullopt;
        evidence.remove_prefix(begin.size());
        const auto end = evidence.find('"');
        if (end == std::string_view::npos || evidence.substr(0, end).find('\\') != std::string_view::npos)
            return std::nullopt;
        const auto text = evidence.substr(0, end);
        evidence.remove_prefix(end + 1);
        return text;
    };
    const auto space = take(R"({"upstream":")");
    const auto confidence = space ? take(R"(,"confidence":")") : std::nullopt;
    return confidence ? std::optional(Said{*space, *confidence}) : std::nullopt;
}

Use use_of(std::string_view key_id, std::string_view arn, std::string_view space) {
    return {hash64(key_id), hash64(arn, space.empty() ? 0 : hash64(space))};
}

void Told::Slot::set(Use whose, std::uint64_t name_hash, Time begin, Time end) {
    key.store(whose.key, relaxed);
    use.store(whose.use, relaxed);
    name.store(name_hash, relaxed);
    from.store(begin, relaxed);
    to.store(end, relaxed);
}

bool Told::tells_nothing(std::string_view record, std::string_view evidence) const {
    const bool from_trail = evidence.empty();
    const auto said = from_trail ? Said{} : said_in(evidence);
    if (!said) return false;
    if (said->confidence == "foreign") return true;
    const auto caller = caller_of(record);
    const bool has_answer = !from_trail || !no_answer.found_in(record);
    if (!caller || name_tells_more(text_behind(record, name_begin), has_answer)) return false;
    if (caller->key_id.empty()) return true;
    if (!from_trail && refusal.found_in(record)) return false;  // the upstream says who it is
    const auto use = use_of(caller->key_id, caller->arn, said->space);
    if (slots_[slot_of(use)].key.load(relaxed) != use.key) return false;  // before the time is read
    const auto time = parse_time(text_behind(record, time_begin));
    return time && knows(use, *time);
}

bool Told::knows(Use use, Time at) const {
    const auto& slot = slots_[slot_of(use)];
    return slot.key.load(relaxed) == use.key && slot.use.load(relaxed) == use.use && slot.from.load(relaxed) <= at &&
           at <= slot.to.load(relaxed);
}

void Told::note(Use use, std::string_view arn, Time from, Time to) {
    slots_[slot_of(use)].set(use, hash64(last_part(arn)), from, to);
}

void Told::forget_key(std::string_view key_id) {
    const auto hash = hash64(key_id);
    for (auto& slot : std::span(slots_).subspan(first_slot(hash), uses_max))
        if (slot.key.load(relaxed) == hash) slot.set({}, 0, {}, {});
}

void Told::forget_user(std::string_view name) {
    const auto hash = hash64(name);
    for (auto& slot : slots_)
        if (slot.name.load(relaxed) == hash) slot.set({}, 0, {}, {});
}

}  // namespace cairn::session
