#include "neighbour/buckets/lifecycle.h"

#include <chrono>

namespace cairn::neighbour {

Time expiry_of(const LifecycleRule& rule, Time modified) {
    if (rule.date) return *rule.date;
    return std::chrono::ceil<std::chrono::days>(modified + std::chrono::days(rule.days.value_or(0)));
}

std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, std::string_view key, Time modified) {
    std::optional<Expiry> first;
    for (const auto& rule : lifecycle) {
        if (!rule.enabled || !key.starts_with(rule.prefix)) continue;
        const auto at = expiry_of(rule, modified);
        if (!first || at < first->at) first = {at, &rule};
    }
    return first;
}

Json to_json(const Lifecycle& lifecycle) {
    JsonArray rules;
    for (const auto& rule : lifecycle) {
        JsonObject json{{"id", rule.id}, {"prefix", rule.prefix}, {"enabled", rule.enabled}, {"filter", rule.filter}};
        if (rule.days) json.emplace_back("days", static_cast<std::uint64_t>(*rule.days));
        if (rule.date) json.emplace_back("date", to_milliseconds(*rule.date));
        rules.push_back(std::move(json));
    }
    return rules;
}

Result<Lifecycle> read_lifecycle(const Json& json) {
    Lifecycle lifecycle;
    if (!json.is_array()) return fail(Code::corrupt, "a lifecycle is no list of rules");
    for (const auto& member : json.as_array()) {
        const auto *enabled = member.find("enabled"), *filter = member.find("filter");
        const auto *days = member.find("days"), *date = member.find("date");
        if (!enabled || !filter || !days == !date) return fail(Code::corrupt, "a rule of a lifecycle is damaged");
        LifecycleRule rule{std::string(member.text("id")),
                           std::string(member.text("prefix")),
                           enabled->as_bool(),
                           filter->as_bool(),
                           {},
                           {}};
        if (days) rule.days = static_cast<std::uint32_t>(days->as_integer());
        if (date) rule.date = from_milliseconds(date->as_integer());
        lifecycle.push_back(std::move(rule));
    }
    return lifecycle;
}

}  // namespace cairn::neighbour
