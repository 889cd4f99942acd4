#include "event/index_row.h"

#include <algorithm>
#include <bit>

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

std::uint64_t scope_hash(const ScopeKey& key) {
    return hash64(key.region, hash64(key.account, static_cast<std::uint64_t>(key.category)));
}

std::uint64_t scope_hash(const EventView& event) {
    return hash64(event.region, hash64(event.account, static_cast<std::uint64_t>(event.category)));
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
    row.scope = scope_of(event);
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

std::uint32_t IndexBatch::scope_of(const EventView& event) {
    if (!rows.empty() && is_scope(scopes[rows.back().scope], event)) return rows.back().scope;
    if (scopes.size() * 2 >= scope_slots_.size()) {
        scope_slots_.assign(std::bit_ceil(std::max<std::size_t>(64, scopes.size() * 4)), 0);
        for (std::uint32_t scope = 0; scope < scopes.size(); ++scope) {
            auto i = scope_hash(scopes[scope]) & (scope_slots_.size() - 1);
            while (scope_slots_[i] != 0) i = (i + 1) & (scope_slots_.size() - 1);
            scope_slots_[i] = scope + 1;
        }
    }
    const std::size_t mask = scope_slots_.size() - 1;
    auto i = scope_hash(event) & mask;
    for (; scope_slots_[i] != 0; i = (i + 1) & mask)
        if (is_scope(scopes[scope_slots_[i] - 1], event)) return scope_slots_[i] - 1;
    scopes.push_back({std::string(event.account), std::string(event.region), event.category});
    scope_slots_[i] = static_cast<std::uint32_t>(scopes.size());
    return scope_slots_[i] - 1;
}

void IndexBatch::clear() {
    scope_slots_.clear();
    scopes.clear();
    rows.clear();
    postings.clear();
}

}  // namespace cairn
