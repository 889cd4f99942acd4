#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/record.h"
#include "view/history/history.h"

namespace cairn::api {

/// Appends a record's JSON without the white space between its tokens. The bytes of strings and numbers stay.
void append_compact(std::string& out, std::string_view record);

/// Appends the same as the content of a JSON string, with its quotes: one pass over the record.
void append_compact_quoted(std::string& out, std::string_view record);

/// Appends seconds since 1970 as the service prints times: "1424476529.0".
void append_epoch_seconds(std::string& out, Time time);

/// Appends the Event object of LookupEvents (CloudTrail API reference, "Event").
void append_lookup_event(std::string& out, const EventView& event);

/// Which members a summary has, as names in the order they are printed.
class SummaryFields {
public:
    /// All members but `record`.
    static SummaryFields standard();

    /// Empty when `names` holds one that no summary has; `unknown` is set to it.
    static std::optional<SummaryFields> of(const std::vector<std::string>& names, std::string* unknown);

    bool has(std::size_t field) const { return (bits_ >> field) & 1; }
    void add(std::string_view name);

private:
    std::uint32_t bits_ = 0;
};

/// Appends what the calls under /v1/ say of an event: an object of its main fields, absent ones left out.
void append_summary(std::string& out, const EventView& event, std::uint64_t number, const SummaryFields& fields);

/// A search for the newest events, to be narrowed further.
history::Search search_of(Scope scope, match::Query query, std::size_t limit = 50);

/// A parser for the calling thread; its view holds until the thread parses again.
RecordParser& thread_parser();

/// Parses a stored record on the calling thread. Makes room after `record` for the parser. Error: corrupt.
Result<const EventView*> view_of(std::string& record);

}  // namespace cairn::api
