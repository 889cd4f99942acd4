#include "view/trail/trail.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::trail {

namespace {

constexpr std::string_view arn_head = "arn:aws:cloudtrail:";

void set(Json& json, std::string_view name, const std::optional<std::string>& value) {
    if (value) json.set(name, *value);
}
void set(Json& json, std::string_view name, const std::optional<Time>& value) {
    if (value) json.set(name, to_milliseconds(*value));
}
void set(Json& json, std::string_view name, const Json& value) {
    if (!value.is_null()) json.set(name, value);
}

std::optional<std::string> optional_text(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member ? std::optional(member->as_string()) : std::nullopt;
}
std::optional<Time> optional_time(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member ? std::optional(from_milliseconds(member->as_integer())) : std::nullopt;
}
bool flag(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member && member->as_bool();
}
Json document(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member ? *member : Json();
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::unexpected<Error> unreadable(const Trail& trail, const match::SelectorError& error) {
    return fail(Code::corrupt, fmt::format("the selectors of trail {} cannot be read: {}", trail.arn(), error.message));
}

}  // namespace

std::string Trail::arn() const { return trail_arn(home_region, account, name); }

std::string trail_arn(std::string_view region, std::string_view account, std::string_view name) {
    return fmt::format("{}{}:{}:trail/{}", arn_head, region, account, name);
}

std::optional<TrailArn> parse_trail_arn(std::string_view text) {
    if (!text.starts_with(arn_head)) return std::nullopt;
    text.remove_prefix(arn_head.size());
    const auto region_end = text.find(':');
    if (region_end == 0 || region_end == std::string_view::npos) return std::nullopt;
    const auto account_end = text.find(':', region_end + 1);
    if (account_end == std::string_view::npos) return std::nullopt;
    const auto account = text.substr(region_end + 1, account_end - region_end - 1);
    const auto resource = text.substr(account_end + 1);
    constexpr std::string_view kind = "trail/";
    if (account.size() != 12 || !is_digits(account) || !resource.starts_with(kind) || resource.size() == kind.size())
        return std::nullopt;
    return TrailArn{std::string(text.substr(0, region_end)), std::string(account),
                    std::string(resource.substr(kind.size()))};
}

Result<match::EventSelectors> event_selectors_of(const Trail& trail) {
    auto basic = match::read_basic_selectors(trail.event_selectors);
    auto advanced = match::read_advanced_selectors(trail.advanced_event_selectors);
    if (!basic) return unreadable(trail, basic.error());
    if (!advanced) return unreadable(trail, advanced.error());
    return match::EventSelectors{std::move(*basic), std::move(*advanced)};
}

Result<std::vector<match::InsightSelector>> insight_selectors_of(const Trail& trail) {
    auto insights = match::read_insight_selectors(trail.insight_selectors);
    if (!insights) return unreadable(trail, insights.error());
    return std::move(*insights);
}

Json to_json(const Trail& trail) {
    JsonArray tags;
    for (const auto& [key, value] : trail.tags) tags.push_back(JsonArray{key, value});
    Json json = JsonObject{{"name", trail.name},
                           {"account", trail.account},
                           {"homeRegion", trail.home_region},
                           {"id", trail.id},
                           {"bucket", trail.bucket},
                           {"globalEvents", trail.global_events},
                           {"multiRegion", trail.multi_region},
                           {"validation", trail.validation},
                           {"organization", trail.organization},
                           {"logging", trail.logging},
                           {"created", to_milliseconds(trail.created)},
                           {"tags", std::move(tags)}};
    set(json, "prefix", trail.prefix);
    set(json, "topicName", trail.topic_name);
    set(json, "topicArn", trail.topic_arn);
    set(json, "logGroupArn", trail.log_group_arn);
    set(json, "logRoleArn", trail.log_role_arn);
    set(json, "keyArn", trail.key_arn);
    if (trail.recursive_logging) json.set("recursiveLogging", *trail.recursive_logging);
    set(json, "eventSelectors", trail.event_selectors);
    set(json, "advancedEventSelectors", trail.advanced_event_selectors);
    set(json, "insightSelectors", trail.insight_selectors);
    set(json, "aggregation", trail.aggregation);
    set(json, "started", trail.started);
    set(json, "stopped", trail.stopped);
    return json;
}

Result<Trail> trail_from_json(const Json& json) {
    Trail trail;
    trail.name = json.text("name");
    trail.account = json.text("account");
    trail.home_region = json.text("homeRegion");
    trail.id = json.text("id");
    trail.bucket = json.text("bucket");
    if (trail.name.empty() || trail.account.empty() || trail.home_region.empty() || trail.id.empty())
        return fail(Code::corrupt, "a stored trail lacks its name, account, region or id");
    trail.global_events = flag(json, "globalEvents");
    trail.multi_region = flag(json, "multiRegion");
    trail.validation = flag(json, "validation");
    trail.organization = flag(json, "organization");
    trail.logging = flag(json, "logging");
    trail.created = optional_time(json, "created").value_or(Time{});
    trail.prefix = optional_text(json, "prefix");
    trail.topic_name = optional_text(json, "topicName");
    trail.topic_arn = optional_text(json, "topicArn");
    trail.log_group_arn = optional_text(json, "logGroupArn");
    trail.log_role_arn = optional_text(json, "logRoleArn");
    trail.key_arn = optional_text(json, "keyArn");
    if (json.find("recursiveLogging")) trail.recursive_logging = flag(json, "recursiveLogging");
    trail.event_selectors = document(json, "eventSelectors");
    trail.advanced_event_selectors = document(json, "advancedEventSelectors");
    trail.insight_selectors = document(json, "insightSelectors");
    trail.aggregation = document(json, "aggregation");
    trail.started = optional_time(json, "started");
    trail.stopped = optional_time(json, "stopped");
    if (const auto* tags = json.find("tags"))
        for (const auto& tag : tags->as_array())
            if (tag.as_array().size() == 2)
                trail.tags.emplace_back(tag.as_array()[0].as_string(), tag.as_array()[1].as_string());
    if (auto selectors = event_selectors_of(trail); !selectors) return fail(std::move(selectors).error());
    if (auto selectors = insight_selectors_of(trail); !selectors) return fail(std::move(selectors).error());
    return trail;
}

const TrailHistory::Version* TrailHistory::version_at(Time moment) const {
    if (deleted && moment >= *deleted) return nullptr;
    const auto next = std::ranges::upper_bound(versions, moment, {}, &Version::from);
    return next == versions.begin() ? nullptr : &*std::prev(next);
}

const Trail* TrailHistory::at(Time moment) const {
    const auto* version = version_at(moment);
    return version ? &version->trail : nullptr;
}

}  // namespace cairn::trail
