#include "view/trail/summary.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/uuid.h"

namespace cairn::trail {

namespace {

constexpr std::size_t counters_max = 50'000;  // of one summary: some MB
constexpr std::pair<std::string_view, SummaryTemplate> template_names[] = {
    {"API_ACTIVITY", SummaryTemplate::api_activity},
    {"RESOURCE_ACCESS", SummaryTemplate::resource_access},
    {"USER_ACTIONS", SummaryTemplate::user_actions}};

/// Who it was, as far as a record says.
std::string user_of(const EventView& event) {
    for (const auto value : {event.arn, event.invoked_by, event.identity_account, event.principal_id})
        if (!value.empty()) return fmt::format("{}:{}", event.identity_type, value);
    return std::string(event.identity_type);
}

}  // namespace

std::vector<SummaryTemplate> templates_of(const Json& aggregation) {
    std::vector<SummaryTemplate> found;
    for (const auto& configuration : aggregation.as_array()) {
        const auto* names = configuration.find("Templates");
        if (!names || configuration.text("EventCategory") != "Data") continue;
        for (const auto& [name, value] : template_names)
            if (std::ranges::any_of(names->as_array(), [&](const Json& one) { return one.as_string() == name; }))
                found.push_back(value);
    }
    return found;
}

Time window_of(Time event_time) {
    const auto since = event_time.time_since_epoch();
    return Time(std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<300>>>(since));
}

Summary::Dimension Summary::primary_of(SummaryTemplate about) {
    switch (about) {
        case SummaryTemplate::api_activity: return Dimension::event_name;
        case SummaryTemplate::resource_access: return Dimension::resource;
        case SummaryTemplate::user_actions: break;
    }
    return Dimension::user;
}

/// Only resources can be several; what a record does not say has no value.
std::vector<std::string> Summary::values_of(const EventView& event, Dimension dimension) {
    if (dimension == Dimension::resource) {
        std::vector<std::string> arns;
        for (const auto& resource : event.record_resources) arns.emplace_back(resource.name);
        std::ranges::sort(arns);
        arns.erase(std::unique(arns.begin(), arns.end()), arns.end());
        return arns;
    }
    auto value = dimension == Dimension::event_name   ? std::string(event.event_name)
                 : dimension == Dimension::user       ? user_of(event)
                 : dimension == Dimension::user_agent ? std::string(event.user_agent)
                                                      : std::string(event.source_ip);
    return value.empty() ? std::vector<std::string>() : std::vector{std::move(value)};
}

void Summary::add(std::uint64_t number, const EventView& event, const std::vector<SummaryTemplate>& templates) {
    if (to_ == 0) from_ = number;
    to_ = number + 1;
    for (const auto about : templates)
        for (const auto& value : values_of(event, primary_of(about))) count(event, about, value);
}

void Summary::count(const EventView& event, SummaryTemplate about, const std::string& value) {
    auto& counted = counted_[{about, std::string(event.event_source), value}];
    values_ += counted.events++ == 0;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        if (static_cast<Dimension>(i) == primary_of(about)) continue;
        for (auto& detail : values_of(event, static_cast<Dimension>(i)))
            values_ += counted.details[i][std::move(detail)]++ == 0;
    }
}

bool Summary::full() const { return values_ >= counters_max; }

namespace {

Json dimension_json(std::string_view name, const std::vector<std::pair<std::string, std::uint64_t>>& values) {
    JsonArray statistics;
    for (const auto& [value, events] : values) statistics.push_back(JsonObject{{"name", value}, {"value", events}});
    return JsonObject{{"dimension", name}, {"statistics", std::move(statistics)}, {"aggregationType", "Count"}};
}

}  // namespace

std::string Summary::record_of(const Subject& subject, const Counted& counted) const {
    const auto primary = primary_of(subject.about);
    JsonArray details;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        std::vector<std::pair<std::string, std::uint64_t>> values(counted.details[i].begin(), counted.details[i].end());
        std::ranges::stable_sort(values, std::greater<>(), &std::pair<std::string, std::uint64_t>::second);
        values.resize(std::min(values.size(), values_max));
        if (!values.empty()) details.push_back(dimension_json(names[i], values));
    }
    const auto id =
        named_uuid("aggregated event", fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", place_.trail_id, place_.account,
                                                   place_.region, to_milliseconds(place_.window), from_,
                                                   static_cast<int>(subject.about), subject.source, subject.value));
    return to_text(
        JsonObject{{"eventVersion", "1.0"},
                   {"accountId", place_.account},
                   {"eventId", format_uuid(id)},
                   {"eventCategory", "Aggregated"},
                   {"eventType", "AwsAggregatedEvent"},
                   {"awsRegion", place_.region},
                   {"eventSource", subject.source},
                   {"timeWindow", JsonObject{{"windowStart", format_time(place_.window)},
                                             {"windowEnd", format_time(place_.window + summary_window)},
                                             {"windowSize", "PT5M"}}},
                   {"summary", JsonObject{{"primaryDimension", dimension_json(names[static_cast<std::size_t>(primary)],
                                                                              {{subject.value, counted.events}})},
                                          {"details", std::move(details)}}}});
}

std::vector<std::string> Summary::records() const {
    std::vector<std::string> records;
    for (const auto& [subject, counted] : counted_) records.push_back(record_of(subject, counted));
    return records;
}

}  // namespace cairn::trail
