#include "event/index_row.h"

#include <algorithm>

#include "base/check.h"

namespace cairn {

namespace {

std::uint64_t first_bytes(std::string_view text) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i)
        value = value << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
    return value;
}

bool is_scope(const ScopeKey& key, const EventView& event) {
    return key.category == event.category && key.account == event.account && key.region == event.region;
}

/// Neighbours mostly share a scope, and a batch has few: from the newest back.
std::uint32_t scope_index(std::vector<ScopeKey>& scopes, const EventView& event) {
    const auto found = std::find_if(scopes.rbegin(), scopes.rend(), [&](const auto& key) { return is_scope(key, event); });
    if (found != scopes.rend()) return static_cast<std::uint32_t>(scopes.rend() - found - 1);
    scopes.push_back({std::string(event.account), std::string(event.region), event.category});
    return static_cast<std::uint32_t>(scopes.size() - 1);
}

}  // namespace

std::string_view attribute_name(Attribute attribute) {
    switch (attribute) {
        case Attribute::event_id: return "EventId";
        case Attribute::event_name: return "EventName";
        case Attribute::event_source: return "EventSource";
        case Attribute::username: return "Username";
        case Attribute::access_key_id: return "AccessKeyId";
        case Attribute::read_only: return "ReadOnly";
        case Attribute::resource_type: return "ResourceType";
        case Attribute::resource_name: return "ResourceName";
        case Attribute::error_code: return "ErrorCode";
        case Attribute::source_ip: return "SourceIPAddress";
    }
    CAIRN_CHECK(!"an attribute without a name");
    return {};
}

void IndexBatch::add(const EventView& event, std::uint64_t number) {
    IndexRow row;
    row.number = number;
    row.time_ms = to_milliseconds(event.time);
    row.id_hash = posting_hash(Attribute::event_id, event.event_id);
    row.id_prefix = first_bytes(event.event_id);
    row.scope = scope_index(scopes, event);
    row.postings_begin = static_cast<std::uint32_t>(postings.size());
    for_each_attribute(event, [&](Attribute attribute, std::string_view value) {
        postings.push_back(posting_hash(attribute, value));
    });
    const auto begin = postings.begin() + row.postings_begin;
    std::sort(begin, postings.end());
    postings.erase(std::unique(begin, postings.end()), postings.end());
    row.postings_end = static_cast<std::uint32_t>(postings.size());
    rows.push_back(row);
}

void IndexBatch::clear() {
    scopes.clear();
    rows.clear();
    postings.clear();
}

}  // namespace cairn
