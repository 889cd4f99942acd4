#include "view/session/told.h"

#include <optional>

#include "base/hash.h"
#include "event/find_bytes.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

/// Where in a record something begins, as services write it.
const BytesFinder identity_begin(R"("userIdentity":{)"), key_begin(R"("accessKeyId":")"), arn_begin(R"("arn":")"),
    name_begin(R"("eventName":")"), time_begin(R"("eventTime":")"), no_answer(R"("responseElements":null)");

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
            i = record.find('"', i + 1);
            if (i == std::string_view::npos || record[i - 1] == '\\') return {};  // escapes are rare: it is parsed
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

}  // namespace

bool Told::tells_nothing(std::string_view record) const {
    const auto caller = caller_of(record);
    if (!caller || name_tells_more(text_behind(record, name_begin), !no_answer.found_in(record))) return false;
    if (caller->key_id.empty()) return true;
    const auto key = hash64(caller->key_id), arn = hash64(caller->arn);
    const auto& slot = slots_[(key ^ arn) % slot_count];
    if (slot.key != key || slot.arn != arn) return false;
    const auto time = parse_time(text_behind(record, time_begin));
    return time && slot.from <= *time && *time <= slot.to;
}

void Told::note(std::string_view record, Time from, Time to) {
    const auto caller = caller_of(record);
    if (!caller) return;
    const auto key = hash64(caller->key_id), arn = hash64(caller->arn);
    slots_[(key ^ arn) % slot_count] = {key, arn, hash64(last_part(caller->arn)), from, to};
}

void Told::forget_key(std::string_view key_id) {
    const auto hash = hash64(key_id);
    for (auto& slot : slots_)
        if (slot.key == hash) slot = {};
}

void Told::forget_user(std::string_view name) {
    const auto hash = hash64(name);
    for (auto& slot : slots_)
        if (slot.name == hash) slot = {};
}

}  // namespace cairn::session
