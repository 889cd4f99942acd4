#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "event/record.h"

namespace cairn {

/// What history indexes. The numbers are part of file formats: never reuse one, add at the end.
enum class Attribute : std::uint8_t {
    event_id = 0,
    event_name = 1,
    event_source = 2,
    username = 3,
    access_key_id = 4,
    read_only = 5,  ///< "true" or "false"
    resource_type = 6,
    resource_name = 7,
    error_code = 8,
    source_ip = 9,
};
inline constexpr std::size_t attribute_count = 10;

/// "EventId", "EventName", ... as LookupEvents spells its AttributeKey; "ErrorCode", "SourceIPAddress" beyond it.
std::string_view attribute_name(Attribute attribute);

/// Names a (attribute, value) pair in indexes. 64 bits are no proof: a reader checks the value on the record.
inline std::uint64_t posting_hash(Attribute attribute, std::string_view value) {
    return hash64(value, static_cast<std::uint64_t>(attribute) + 1);
}

/// One event as an index sees it, without its text: made once at ingest, or again from the record when an index is
/// rebuilt, with the same result.
struct IndexRow {
    std::uint64_t number = 0;          ///< event number in its shard
    std::int64_t time_ms = 0;          ///< eventTime, milliseconds since 1970
    std::uint64_t id_hash = 0;         ///< posting_hash(event_id, eventID)
    std::uint64_t id_prefix = 0;       ///< first 8 bytes of the eventID text, big-endian: the tie-break of equal times
    std::uint32_t scope = 0;           ///< index into IndexBatch::scopes
    std::uint32_t postings_begin = 0;  ///< range in IndexBatch::postings
    std::uint32_t postings_end = 0;
};

/// (account, region, category): every list of an index is ordered by it first.
struct ScopeKey {
    std::string account;
    std::string region;
    Category category = Category::management;
    friend auto operator<=>(const ScopeKey&, const ScopeKey&) = default;
};

/// Index rows of some events, in number order.
struct IndexBatch {
    std::vector<ScopeKey> scopes;
    std::vector<IndexRow> rows;
    std::vector<std::uint64_t> postings;  ///< posting_hash of every attribute but event_id, each once per event

    /// Adds one event. Its `number` may be filled in later.
    void add(const EventView& event, std::uint64_t number);
    void clear();

private:
    std::uint32_t scope_of(const EventView& event);

    std::vector<std::uint32_t> scope_slots_;  ///< scope + 1 by hash
};

/// Calls `use(attribute, value)` for every indexed value of an event except its id. A value may come twice.
template <class Use>
void for_each_attribute(const EventView& event, Use&& use) {
    const auto present = [&](Attribute attribute, std::string_view value) {
        if (!value.empty()) use(attribute, value);
    };
    present(Attribute::event_name, event.event_name);
    present(Attribute::event_source, event.event_source);
    present(Attribute::username, event.username);
    present(Attribute::access_key_id, event.access_key_id);
    if (event.read_only != ReadOnly::absent)
        use(Attribute::read_only, std::string_view(event.read_only == ReadOnly::yes ? "true" : "false"));
    for (const auto& resource : event.resources) {
        present(Attribute::resource_type, resource.type);
        present(Attribute::resource_name, resource.name);
    }
    present(Attribute::error_code, event.error_code);
    present(Attribute::source_ip, event.source_ip);
}

}  // namespace cairn
