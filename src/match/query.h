#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/index_row.h"
#include "event/record.h"
#include "match/key_window.h"
#include "match/query_error.h"

namespace cairn::match {

/// Any text as a value in the search grammar.
std::string quoted(std::string_view text);

/// The search grammar (docs/api.md), compiled. Pure: no clock, no I/O; any number of threads may match.
class Query {
public:
    /// An empty text matches everything. With `origins` a term about the origin of a call is about who stands behind
    /// its key, but for `has:origin`; without, it is about what the record itself says.
    static std::expected<Query, QueryError> parse(std::string_view text, const FindOrigins& origins = {});

    bool matches(const EventView& event) const;

    /// Terms that every match must satisfy and an index can answer: positive `=` and `in` on indexed attributes.
    /// An index walks the cheapest one and asks matches() for the rest.
    struct Indexed {
        Attribute attribute;
        std::vector<std::string> any_of;
    };
    const std::vector<Indexed>& indexed() const;

    /// True when an event matches exactly if it has an indexed value of every term.
    bool only_indexed() const;

    /// Texts of which every match's raw record holds at least one verbatim: for text search by scanning. Any one of
    /// them is enough; the last is the beginning of the escapes that could hide the others. Empty when there is no such
    /// text. ASCII case is ignored when `ignore_case`. What an index tells anyhow is left out.
    struct Needle {
        std::string text;
        bool ignore_case = true;
    };
    const std::vector<Needle>& needles() const;

    /// True when scope alone answers, without reading records: the text is empty.
    bool matches_all() const;

    /// What parse() was given: tells searches apart, for instance in paging tokens.
    const std::string& text() const;

private:
    struct Compiled;
    explicit Query(std::shared_ptr<const Compiled> compiled);
    std::shared_ptr<const Compiled> compiled_;
};

/// The values of a field of the grammar, or of a "$." path, for values and counts; `use` is not called when it is
/// absent, and several times for fields with several values (resource, resourceType, arn, role). Error: invalid for an
/// unknown field, and for `text`, which has no values.
Result<void> field_values(const EventView& event, std::string_view field,
                          const std::function<void(std::string_view)>& use);

/// True when `field` is one that field_values() knows.
bool known_field(std::string_view field);

/// The index that answers for a field of which an event has at most one value; none for others.
std::optional<Attribute> single_indexed(std::string_view field);

}  // namespace cairn::match
