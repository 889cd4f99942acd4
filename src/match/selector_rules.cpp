#include "match/selector_rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/utf8.h"
#include "match/selector_fields.h"

namespace cairn::match {

namespace {

using Texts = std::vector<std::string>;

std::string shown(std::string_view text) { return valid_utf8(text, 200); }

std::unexpected<SelectorError> refuse(std::string message) {
    return std::unexpected(SelectorError{SelectorFault::event_selectors, std::move(message)});
}

template <class Checks, class Check>
SelectorCheck check_all(const Checks& list, Check&& check) {
    for (const auto& item : list)
        if (auto checked = check(item); !checked) return checked;
    return {};
}

// --- ARNs ---

/// "arn:PARTITION:SERVICE:REGION:ACCOUNT:REST"; what stands behind the fifth colon is one part.
struct Arn {
    std::string_view partition, service, region, account, rest;
};

std::optional<Arn> parse_arn(std::string_view text) {
    std::array<std::string_view, 5> parts;
    for (auto& part : parts) {
        const auto end = text.find(':');
        if (end == std::string_view::npos) return std::nullopt;
        part = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    if (parts[0] != "arn" || !parts[1].starts_with("aws") || parts[2].empty() || text.empty()) return std::nullopt;
    return Arn{parts[1], parts[2], parts[3], parts[4], text};
}

bool is_account(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Names of buckets, functions and tables are made of these.
bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_';
    });
}

// --- basic ---

bool is_object_value(std::string_view value) {
    const auto arn = parse_arn(value);
    if (!arn || arn->service != "s3" || !arn->region.empty() || !arn->account.empty()) return false;
    const auto slash = arn->rest.find('/');
    return slash != std::string_view::npos && is_name(arn->rest.substr(0, slash));
}

bool is_function_value(std::string_view value) {
    constexpr std::string_view kind = "function:";
    const auto arn = parse_arn(value);
    if (!arn || arn->service != "lambda" || !is_name(arn->region) || !is_account(arn->account) ||
        !arn->rest.starts_with(kind))
        return false;
    const auto name = arn->rest.substr(kind.size());
    const auto colon = name.find(':');  // a version or an alias
    return is_name(name.substr(0, colon)) && (colon == std::string_view::npos || is_name(name.substr(colon + 1)));
}

bool is_table_value(std::string_view value) {
    constexpr std::string_view kind = "table/";
    const auto arn = parse_arn(value);
    return arn && arn->service == "dynamodb" && is_name(arn->region) && is_account(arn->account) &&
           arn->rest.starts_with(kind) && is_name(arn->rest.substr(kind.size()));
}

SelectorCheck check_data(const std::vector<BasicSelector>& selectors) {
    constexpr struct {
        std::string_view type;
        bool (*is_one)(std::string_view);
    } kinds[] = {{"AWS::S3::Object", is_object_value},
                 {"AWS::Lambda::Function", is_function_value},
                 {"AWS::DynamoDB::Table", is_table_value}};
    std::size_t counted = 0;
    for (const auto& selector : selectors) {
        for (const auto& [type, values] : selector.data) {
            const auto* kind = std::ranges::find(kinds, type, [](const auto& row) { return row.type; });
            if (kind == std::end(kinds))
                return refuse(fmt::format("Type {} for DataResources is invalid.", shown(type)));
            for (const auto& value : values) {
                if (is_whole_service(type, value)) continue;
                if (!kind->is_one(value))
                    return refuse(fmt::format("Value {} for DataResources.Values is invalid.", shown(value)));
                ++counted;
            }
        }
    }
    if (counted <= data_values_max) return {};
    return refuse(fmt::format("The event selectors name {} data resources, more than {}.", counted, data_values_max));
}

bool can_be_excluded(std::string_view source) {
    return source == "kms.amazonaws.com" || source == "rdsdata.amazonaws.com";
}

SelectorCheck check_excluded(const BasicSelector& selector) {
    const auto& sources = selector.excluded_sources;
    const auto wrong = std::ranges::find_if_not(sources, can_be_excluded);
    if (wrong != sources.end())
        return refuse(fmt::format("Value {} for ExcludeManagementEventSources is invalid.", shown(*wrong)));
    if (!sources.empty() && !selector.management)
        return refuse("ExcludeManagementEventSources can be used only if IncludeManagementEvents is true.");
    return {};
}

// --- advanced ---

/// What a field may be asked within one category.
struct FieldRule {
    SelectorCategory category;
    SelectorField field;
    enum Operators { any, equals, not_equals, equality } operators = any;
    bool required = false;
    bool single = false;                        ///< one value only
    bool (*valid)(std::string_view) = nullptr;  ///< for Equals and NotEquals
};

bool is_true(std::string_view value) { return value == "true"; }
bool is_boolean(std::string_view value) { return value == "true" || value == "false"; }
bool is_denial(std::string_view value) { return value == "VpceAccessDenied"; }
bool is_arn(std::string_view value) { return parse_arn(value).has_value(); }

/// "AWS::S3::Object". Which ones there are changes too often to be listed.
bool is_resource_type(std::string_view value) {
    constexpr std::string_view begin = "AWS::";
    if (!value.starts_with(begin)) return false;
    value.remove_prefix(begin.size());
    const auto colons = value.find("::");
    return colons != std::string_view::npos && is_name(value.substr(0, colons)) && is_name(value.substr(colons + 2));
}

constexpr auto management = SelectorCategory::management, data = SelectorCategory::data,
               network = SelectorCategory::network_activity;
using Field = SelectorField;
constexpr FieldRule field_rules[] = {
    {management, Field::event_category, FieldRule::equals, true, true},
    {management, Field::read_only, FieldRule::equals, false, true, is_boolean},
    {management, Field::event_source, FieldRule::not_equals, false, false, can_be_excluded},
    {data, Field::event_category, FieldRule::equals, true, true},
    {data, Field::resources_type, FieldRule::equals, true, true, is_resource_type},
    {data, Field::resources_arn, FieldRule::any, false, false, is_arn},
    {data, Field::read_only, FieldRule::equals, false, true, is_boolean},
    {data, Field::event_source},
    {data, Field::event_name},
    {data, Field::event_type},
    {data, Field::session_from_console, FieldRule::equality, false, false, is_true},
    {data, Field::identity_arn},
    {network, Field::event_category, FieldRule::equals, true, true},
    {network, Field::event_source, FieldRule::equals, true, true, has_network_events},
    {network, Field::event_name},
    {network, Field::error_code, FieldRule::equals, false, false, is_denial},
    {network, Field::vpc_endpoint},
    {network, Field::identity_arn},
};

bool allowed(FieldRule::Operators operators, const FieldSelector& selector) {
    const bool affixes = !(selector.starts_with.empty() && selector.ends_with.empty() &&
                           selector.not_starts_with.empty() && selector.not_ends_with.empty());
    switch (operators) {
        case FieldRule::any: return true;
        case FieldRule::equals: return !affixes && selector.not_equals.empty();
        case FieldRule::not_equals: return !affixes && selector.equals.empty();
        case FieldRule::equality: return !affixes;
    }
    return false;
}

std::array<const Texts*, 6> value_lists(const FieldSelector& selector) {
    return {&selector.equals,     &selector.starts_with,     &selector.ends_with,
            &selector.not_equals, &selector.not_starts_with, &selector.not_ends_with};
}

std::size_t count_values(const FieldSelector& selector) {
    std::size_t count = 0;
    for (const auto* list : value_lists(selector)) count += list->size();
    return count;
}

/// `text` has 1 to `max` characters.
bool fits(std::string_view text, std::size_t max) { return !text.empty() && count_characters(text) <= max; }

SelectorCheck check_lengths(const FieldSelector& selector) {
    constexpr std::size_t value_characters_max = 2048;
    if (count_values(selector) == 0) return refuse(fmt::format("Field {} has no condition.", shown(selector.field)));
    for (const auto* list : value_lists(selector))
        if (!std::ranges::all_of(*list, [&](const auto& value) { return fits(value, value_characters_max); }))
            return refuse(fmt::format("Values for field {} must have 1 to {} characters.", shown(selector.field),
                                      value_characters_max));
    return {};
}

SelectorCheck check_field(const FieldSelector& selector, SelectorCategory category) {
    const auto name = shown(selector.field), category_text = std::string(selector_category_name(category));
    const auto field = selector_field(selector.field);
    if (!field) return refuse(fmt::format("Field {} is invalid.", name));
    const auto* rule = std::ranges::find_if(
        field_rules, [&](const auto& row) { return row.category == category && row.field == *field; });
    if (rule == std::end(field_rules))
        return refuse(fmt::format("Field {} is not supported for {} events.", name, category_text));
    if (auto checked = check_lengths(selector); !checked) return checked;
    if (!allowed(rule->operators, selector))
        return refuse(fmt::format("An operator is not supported for field {} of {} events.", name, category_text));
    if (rule->single && count_values(selector) > 1)
        return refuse(fmt::format("Field {} can have only one value.", name));
    if (!rule->valid) return {};
    for (const auto* list : {&selector.equals, &selector.not_equals})
        if (const auto wrong = std::ranges::find_if_not(*list, rule->valid); wrong != list->end())
            return refuse(fmt::format("Value {} for field {} is invalid.", shown(*wrong), name));
    return {};
}

std::expected<SelectorCategory, SelectorError> category_of(const AdvancedSelector& selector) {
    const auto field = std::ranges::find(selector.fields, "eventCategory", &FieldSelector::field);
    if (field == selector.fields.end()) return refuse("Every advanced event selector must have a field eventCategory.");
    if (field->equals.size() != 1 || count_values(*field) != 1)
        return refuse("Field eventCategory must have one value of Equals.");
    const auto category = selector_category(field->equals.front());
    if (!category)
        return refuse(fmt::format("Value {} for field eventCategory is invalid.", shown(field->equals.front())));
    return *category;
}

SelectorCheck check_selector(const AdvancedSelector& selector) {
    constexpr std::size_t name_characters_max = 1000;
    if (selector.name && !selector.name->empty() && !fits(*selector.name, name_characters_max))
        return refuse(fmt::format("The name of a selector can have at most {} characters.", name_characters_max));
    const auto category = category_of(selector);
    if (!category) return std::unexpected(category.error());
    for (auto field = selector.fields.begin(); field != selector.fields.end(); ++field) {
        if (std::find_if(selector.fields.begin(), field,
                         [&](const auto& other) { return other.field == field->field; }) != field)
            return refuse(fmt::format("Field {} is there twice in one selector.", shown(field->field)));
        if (auto checked = check_field(*field, *category); !checked) return checked;
    }
    for (const auto& rule : field_rules)
        if (rule.category == *category && rule.required &&
            std::ranges::find(selector.fields, selector_field_name(rule.field), &FieldSelector::field) ==
                selector.fields.end())
            return refuse(fmt::format("Field {} is required for {} events.", selector_field_name(rule.field),
                                      selector_category_name(*category)));
    return {};
}

// --- insights ---

constexpr std::string_view call_rate = "ApiCallRateInsight", error_rate = "ApiErrorRateInsight";

std::unexpected<SelectorError> refuse_insight(std::string message) {
    return std::unexpected(SelectorError{SelectorFault::insight_selectors, std::move(message)});
}

const Texts& categories_of(const InsightSelector& insight) {
    static const Texts when_absent = {"Management"};
    return insight.categories ? *insight.categories : when_absent;
}

void add_reach(const BasicSelector& selector, Reach& reach) {
    using enum BasicSelector::ReadWrite;
    reach.management_reads |= selector.management && selector.read_write != write_only;
    reach.management_writes |= selector.management && selector.read_write != read_only;
    reach.data |= std::ranges::any_of(selector.data, [](const auto& resource) { return !resource.values.empty(); });
}

void add_reach(const AdvancedSelector& selector, Reach& reach) {
    const auto asks = [&](std::string_view field, std::string_view value) {
        const auto found = std::ranges::find(selector.fields, field, &FieldSelector::field);
        return found != selector.fields.end() && std::ranges::find(found->equals, value) != found->equals.end();
    };
    reach.data |= asks("eventCategory", "Data");
    if (!asks("eventCategory", "Management")) return;
    reach.management_reads |= !asks("readOnly", "false");
    reach.management_writes |= !asks("readOnly", "true");
}

}  // namespace

SelectorCheck validate(const std::vector<BasicSelector>& selectors) {
    if (selectors.empty() || selectors.size() > basic_selectors_max)
        return refuse(
            fmt::format("A trail has 1 to {} event selectors, not {}.", basic_selectors_max, selectors.size()));
    if (auto checked = check_all(selectors, check_excluded); !checked) return checked;
    return check_data(selectors);
}

SelectorCheck validate(const std::vector<AdvancedSelector>& selectors) {
    if (selectors.empty()) return refuse("A trail has at least one advanced event selector.");
    std::size_t values = 0;
    for (const auto& selector : selectors)
        for (const auto& field : selector.fields) values += count_values(field);
    if (values > advanced_values_max)
        return refuse(
            fmt::format("The advanced event selectors have {} values, more than {}.", values, advanced_values_max));
    return check_all(selectors, check_selector);
}

SelectorCheck validate(const std::vector<InsightSelector>& selectors) {
    for (auto insight = selectors.begin(); insight != selectors.end(); ++insight) {
        if (insight->type != call_rate && insight->type != error_rate)
            return refuse_insight(fmt::format("InsightType {} is invalid.", shown(insight->type)));
        if (std::find_if(selectors.begin(), insight, [&](const auto& other) { return other.type == insight->type; }) !=
            insight)
            return refuse_insight(fmt::format("InsightType {} is there twice.", insight->type));
        const auto& categories = categories_of(*insight);
        if (categories.empty()) return refuse_insight("EventCategories has no value.");
        for (const auto& category : categories)
            if (category != "Management" && category != "Data")
                return refuse_insight(fmt::format("Value {} for EventCategories is invalid.", shown(category)));
    }
    return {};
}

Reach reach_of(const EventSelectors& selectors) {
    if (selectors.basic.empty() && selectors.advanced.empty()) return {true, true, false};
    Reach reach;
    for (const auto& selector : selectors.basic) add_reach(selector, reach);
    for (const auto& selector : selectors.advanced) add_reach(selector, reach);
    return reach;
}

SelectorCheck check_insight_source(const std::vector<InsightSelector>& insights, const EventSelectors& selectors) {
    const auto reach = reach_of(selectors);
    for (const auto& insight : insights) {
        for (const auto& category : categories_of(insight)) {
            if (category == "Data" && !reach.data)
                return refuse_insight(
                    fmt::format("{} on data events needs a trail that logs data events.", insight.type));
            if (category != "Management") continue;
            if (insight.type == call_rate && !reach.management_writes)
                return refuse_insight(fmt::format("{} needs a trail that logs write management events.", insight.type));
            if (insight.type == error_rate && !reach.management_reads && !reach.management_writes)
                return refuse_insight(fmt::format("{} needs a trail that logs management events.", insight.type));
        }
    }
    return {};
}

}  // namespace cairn::match
