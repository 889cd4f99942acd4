#include "match/selector_match.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "event/resource_rules.h"
#include "match/selector_fields.h"
#include "match/text_set.h"

namespace cairn::match {

namespace {

using Texts = std::vector<std::string>;

/// The resources of `type` in the record. One without a type is what its ARN says.
template <class Use>
bool any_resource(const EventView& event, std::string_view type, Use&& use) {
    return std::ranges::any_of(event.record_resources, [&](const Resource& resource) {
        return (resource.type.empty() ? resource_type_of_arn(resource.name) : resource.type) == type &&
               use(resource.name);
    });
}

// --- basic ---

/// Resources of one type. Objects are selected by prefix, all others by their whole ARN.
struct DataMatch {
    std::string type;
    TextSet whole;
    PrefixSet begins;

    explicit DataMatch(const DataResource& resource) : type(resource.type) {
        Texts exact, prefixes;
        for (const auto& value : resource.values) {
            if (is_whole_service(type, value))
                prefixes.push_back(value.ends_with(':') ? value : value + ':');
            else
                (type == "AWS::S3::Object" ? prefixes : exact).push_back(value);
        }
        whole = TextSet(std::move(exact));
        begins = PrefixSet(std::move(prefixes));
    }

    bool selects(const EventView& event) const {
        return any_resource(event, type, [&](std::string_view arn) { return begins.begins(arn) || whole.holds(arn); });
    }
};

struct BasicMatch {
    BasicSelector::ReadWrite read_write;
    bool management;
    TextSet excluded_sources;
    std::vector<DataMatch> data;

    explicit BasicMatch(const BasicSelector& selector)
        : read_write(selector.read_write),
          management(selector.management),
          excluded_sources(selector.excluded_sources),
          data(selector.data.begin(), selector.data.end()) {}

    bool selects(const EventView& event) const {
        using enum BasicSelector::ReadWrite;
        if (read_write != all && (read_write == read_only) != (event.read_only == ReadOnly::yes)) return false;
        if (event.category == Category::management) return management && !excluded_sources.holds(event.event_source);
        return event.category == Category::data &&
               std::ranges::any_of(data, [&](const DataMatch& match) { return match.selects(event); });
    }
};

// --- advanced ---

/// What one value must satisfy.
class Condition {
public:
    explicit Condition(const FieldSelector& selector)
        : equals_(selector.equals),
          not_equals_(selector.not_equals),
          starts_(selector.starts_with),
          not_starts_(selector.not_starts_with),
          ends_(selector.ends_with),
          not_ends_(selector.not_ends_with),
          selecting_(!(selector.equals.empty() && selector.starts_with.empty() && selector.ends_with.empty())) {}

    bool selected(std::string_view value) const {
        return !selecting_ || equals_.holds(value) || starts_.begins(value) || ends_.ends(value);
    }
    bool deselected(std::string_view value) const {
        return not_equals_.holds(value) || not_starts_.begins(value) || not_ends_.ends(value);
    }

private:
    TextSet equals_, not_equals_;
    PrefixSet starts_, not_starts_;
    SuffixSet ends_, not_ends_;
    bool selecting_;
};

std::string_view value_of(const EventView& event, SelectorField field) {
    switch (field) {
        case SelectorField::read_only:
            return event.read_only == ReadOnly::absent ? "" : event.read_only == ReadOnly::yes ? "true" : "false";
        case SelectorField::event_source: return event.event_source;
        case SelectorField::event_name: return event.event_name;
        case SelectorField::event_type: return event.event_type;
        case SelectorField::session_from_console: return event.session_from_console ? "true" : "";
        case SelectorField::identity_arn: return event.arn;
        case SelectorField::error_code: return event.error_code;
        case SelectorField::vpc_endpoint: return event.vpc_endpoint_id;
        case SelectorField::event_category:
        case SelectorField::resources_type:
        case SelectorField::resources_arn: break;
    }
    return {};
}

Category category_asked(const FieldSelector& selector) {
    if (selector.equals.size() == 1)
        if (const auto asked = selector_category(selector.equals.front())) {
            switch (*asked) {
                case SelectorCategory::management: return Category::management;
                case SelectorCategory::data: return Category::data;
                case SelectorCategory::network_activity: return Category::network_activity;
            }
        }
    return Category::other;
}

struct AdvancedMatch {
    Category category = Category::other;  ///< that one is never selected
    std::string resource_type;            ///< empty: not asked for
    std::optional<Condition> resource_arn;
    std::vector<std::pair<SelectorField, Condition>> conditions;

    explicit AdvancedMatch(const AdvancedSelector& selector) {
        for (const auto& asked : selector.fields) {
            const auto field = selector_field(asked.field);
            if (!field) {
                category = Category::other;
                return;
            }
            if (*field == SelectorField::event_category)
                category = category_asked(asked);
            else if (*field == SelectorField::resources_type)
                resource_type = asked.equals.size() == 1 ? asked.equals.front() : "";
            else if (*field == SelectorField::resources_arn)
                resource_arn.emplace(asked);
            else
                conditions.emplace_back(*field, Condition(asked));
        }
    }

    bool selects(const EventView& event) const {
        if (event.category != category || category == Category::other) return false;
        const bool wanted = std::ranges::all_of(conditions, [&](const auto& row) {
            const auto value = value_of(event, row.first);
            return row.second.selected(value) && !row.second.deselected(value);
        });
        return wanted && selects_resources(event);
    }

    bool selects_resources(const EventView& event) const {
        if (resource_type.empty()) return !resource_arn && category != Category::data;
        const auto selected = [&](std::string_view arn) { return !resource_arn || resource_arn->selected(arn); };
        const auto deselected = [&](std::string_view arn) { return resource_arn && resource_arn->deselected(arn); };
        return any_resource(event, resource_type, selected) && !any_resource(event, resource_type, deselected);
    }
};

}  // namespace

struct CompiledSelectors::Compiled {
    EventSelectors events;
    std::vector<InsightSelector> insights;
    std::vector<BasicMatch> basic;
    std::vector<AdvancedMatch> advanced;
};

CompiledSelectors::CompiledSelectors(EventSelectors events, std::vector<InsightSelector> insights) {
    if (events.basic.empty() && events.advanced.empty()) events.basic.emplace_back();
    auto compiled = std::make_shared<Compiled>();
    compiled->basic = std::vector<BasicMatch>(events.basic.begin(), events.basic.end());
    compiled->advanced = std::vector<AdvancedMatch>(events.advanced.begin(), events.advanced.end());
    compiled->events = std::move(events);
    compiled->insights = std::move(insights);
    compiled_ = std::move(compiled);
}

bool CompiledSelectors::selects(const EventView& event) const {
    if (event.category == Category::insight)
        return std::ranges::find(compiled_->insights, event.insight_type, &InsightSelector::type) !=
               compiled_->insights.end();
    const auto selects_event = [&](const auto& selector) { return selector.selects(event); };
    return std::ranges::any_of(compiled_->basic, selects_event) ||
           std::ranges::any_of(compiled_->advanced, selects_event);
}

bool operator==(const CompiledSelectors& one, const CompiledSelectors& other) {
    return one.compiled_->events == other.compiled_->events && one.compiled_->insights == other.compiled_->insights;
}

}  // namespace cairn::match
