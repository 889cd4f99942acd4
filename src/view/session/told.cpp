#include "view/session/told.h"

#include <optional>

#include "base/hash.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

/// The text between `begin` and the next quote; empty if there is none.
std::string_view text_behind(std::string_view record, std::string_view begin) {
    const auto at = record.find(begin);
    if (at == std::string_view::npos) return {};
    record.remove_prefix(at + begin.size());
    const auto end = record.find('"');
    return end == std::string_view::npos ? std::string_view() : record.substr(0, end);
}

/// userIdentity's object; empty if it is not there as services write it, without white space.
std::string_view identity_bytes(std::string_view record) {
    static constexpr std::string_view begin = R"("userIdentity":{)";
    const auto at = record.find(begin);
    if (at == std::string_view::npos) return {};
    record.remove_prefix(at + begin.size() - 1);
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
    return Caller{text_behind(identity, R"("accessKeyId":")"), text_behind(identity, R"("arn":")")};
}

}  // namespace

bool Told::tells_nothing(std::string_view record) const {
    const auto caller = caller_of(record);
    const bool has_answer = record.find(R"("responseElements":null)") == std::string_view::npos;
    if (!caller || name_tells_more(text_behind(record, R"("eventName":")"), has_answer)) return false;
    if (caller->key_id.empty()) return true;
    const auto key = hash64(caller->key_id);
    const auto& slot = slots_[key % slot_count];
    if (slot.key != key || slot.arn != hash64(caller->arn)) return false;
    const auto time = parse_time(text_behind(record, R"("eventTime":")"));
    return time && slot.from <= *time && *time <= slot.to;
}

void Told::note(std::string_view record, Time from, Time to) {
    const auto caller = caller_of(record);
    if (!caller) return;
    const auto key = hash64(caller->key_id);
    slots_[key % slot_count] = {key, hash64(caller->arn), hash64(last_part(caller->arn)), from, to};
}

void Told::forget_key(std::string_view key_id) {
    const auto key = hash64(key_id);
    if (auto& slot = slots_[key % slot_count]; slot.key == key) slot = {};
}

void Told::forget_user(std::string_view name) {
    const auto hash = hash64(name);
    for (auto& slot : slots_)
        if (slot.name == hash) slot = {};
}

}  // namespace cairn::session
