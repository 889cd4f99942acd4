#include "view/session/told.h"

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

}  // namespace

bool Told::tells_nothing(std::string_view record) const {
    const auto identity = identity_bytes(record);
    if (identity.empty()) return false;
    const auto hash = hash64(identity);
    const auto& slot = slots_[hash % slot_count];
    if (slot.hash != hash) return false;
    const auto time = parse_time(text_behind(record, R"("eventTime":")"));
    return time && slot.from <= *time && *time <= slot.to && !name_tells_more(text_behind(record, R"("eventName":")"));
}

void Told::note(std::string_view record, Time from, Time to) {
    const auto identity = identity_bytes(record);
    if (identity.empty()) return;
    const auto hash = hash64(identity);
    slots_[hash % slot_count] = {hash, from, to};
}

}  // namespace cairn::session
