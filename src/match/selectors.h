#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace cairn::match {

/// The selectors of a trail as values (CloudTrail API reference, "PutEventSelectors", "PutInsightSelectors").

/// What the API answers when selectors are refused.
enum class SelectorFault {
    event_selectors,    ///< InvalidEventSelectors
    insight_selectors,  ///< InvalidInsightSelectors
};

struct SelectorError {
    SelectorFault fault = SelectorFault::event_selectors;
    std::string message;  ///< a sentence for the caller
};

/// Objects, functions or tables by ARN, the start of one, or a whole service ("arn:aws:s3").
struct DataResource {
    std::string type;
    std::vector<std::string> values;
    friend bool operator==(const DataResource&, const DataResource&) = default;
};

struct BasicSelector {
    enum class ReadWrite { all, read_only, write_only };

    ReadWrite read_write = ReadWrite::all;
    bool management = true;
    std::vector<DataResource> data;
    std::vector<std::string> excluded_sources;  ///< of management events
    friend bool operator==(const BasicSelector&, const BasicSelector&) = default;
};

/// What one field must satisfy. An empty list: the operator was not given.
struct FieldSelector {
    std::string field;
    std::vector<std::string> equals, starts_with, ends_with, not_equals, not_starts_with, not_ends_with;
    friend bool operator==(const FieldSelector&, const FieldSelector&) = default;
};

struct AdvancedSelector {
    std::optional<std::string> name;
    std::vector<FieldSelector> fields;
    friend bool operator==(const AdvancedSelector&, const AdvancedSelector&) = default;
};

struct InsightSelector {
    std::string type;
    std::optional<std::vector<std::string>> categories;  ///< absent means Management
    friend bool operator==(const InsightSelector&, const InsightSelector&) = default;
};

/// The selectors of events that are in force: at most one of the kinds is not empty. Both empty: all management events.
struct EventSelectors {
    std::vector<BasicSelector> basic;
    std::vector<AdvancedSelector> advanced;
    friend bool operator==(const EventSelectors&, const EventSelectors&) = default;
};

/// Lists as the API and the meta store have them; null is the empty list. They are checked as far as the types of
/// members and the enumerations go; what selectors may say is in match/selector_rules.h.
std::expected<std::vector<BasicSelector>, SelectorError> read_basic_selectors(const Json& list);
std::expected<std::vector<AdvancedSelector>, SelectorError> read_advanced_selectors(const Json& list);
std::expected<std::vector<InsightSelector>, SelectorError> read_insight_selectors(const Json& list);

/// Basic selectors with their defaults filled in, the others without what was not given; always in the order given.
Json to_json(const std::vector<BasicSelector>& selectors);
Json to_json(const std::vector<AdvancedSelector>& selectors);
Json to_json(const std::vector<InsightSelector>& selectors);

}  // namespace cairn::match
