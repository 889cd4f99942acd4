#include "view/trail/status.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/json.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr const char* names[leg_count] = {"file", "digest", "notice", "logs"};

std::string key_of(std::string_view trail_id, std::string_view region) {
    return fmt::format("status/{}/{}", trail_id, region);
}

std::optional<Time> time_of(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member ? std::optional(from_milliseconds(member->as_integer())) : std::nullopt;
}

Result<void> save(Transaction& transaction, std::string_view trail_id, std::string_view region,
                  const TrailStatus& status) {
    Json json = JsonObject{};
    for (std::size_t i = 0; i < leg_count; ++i) {
        const auto& one = status.of[i];
        if (!one.attempt) continue;
        Json entry = JsonObject{{"attempt", to_milliseconds(*one.attempt)}};
        if (one.latest) entry.set("latest", to_milliseconds(*one.latest));
        if (!one.error.empty()) entry.set("error", one.error);
        if (!one.object.empty()) entry.set("object", one.object);
        json.set(names[i], std::move(entry));
    }
    return transaction.put(space, key_of(trail_id, region), to_text(json));
}

Result<TrailStatus> decode(const std::string& key, std::string_view value) {
    const auto json = parse_json(value);
    if (!json) return fail(Code::corrupt, fmt::format("trail status {}: {}", key, json.error().message));
    TrailStatus status;
    for (std::size_t i = 0; i < leg_count; ++i)
        if (const auto* entry = json->find(names[i]))
            status.of[i] = {time_of(*entry, "latest"), time_of(*entry, "attempt"), std::string(entry->text("error")),
                            std::string(entry->text("object"))};
    return status;
}

template <class Change>
Result<void> change(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg,
                    Change&& change) {
    auto status = load_status(transaction, trail_id, region);
    if (!status) return fail(std::move(status).error());
    change(status->of[static_cast<std::size_t>(leg)]);
    return save(transaction, trail_id, region, *status);
}

}  // namespace

std::string foreign_code(const Error& error) {
    const auto end = error.message.find(": ");
    if (end == std::string::npos || end == 0) return {};
    const auto code = std::string_view(error.message).substr(0, end);
    const bool is_code = std::ranges::all_of(code, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
    });
    return is_code && code.front() >= 'A' && code.front() <= 'Z' ? std::string(code) : std::string();
}

Result<TrailStatus> load_status(Transaction& transaction, std::string_view trail_id, std::string_view region) {
    const auto key = key_of(trail_id, region);
    const auto value = transaction.get(space, key);
    if (!value) return fail(value.error());
    return *value ? decode(key, **value) : TrailStatus();
}

Result<std::vector<std::pair<std::string, TrailStatus>>> load_statuses(Transaction& transaction,
                                                                       std::string_view trail_id) {
    const auto prefix = key_of(trail_id, "");
    const auto rows = transaction.scan(space, prefix, "", std::numeric_limits<std::size_t>::max());
    if (!rows) return fail(rows.error());
    std::vector<std::pair<std::string, TrailStatus>> statuses;
    for (const auto& [key, value] : *rows) {
        auto status = decode(key, value);
        if (!status) return fail(std::move(status).error());
        statuses.emplace_back(key.substr(prefix.size()), std::move(*status));
    }
    return statuses;
}

Result<void> note_success(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg,
                          Time at, std::string object) {
    return change(transaction, trail_id, region, leg, [&](DeliveryStatus& one) { one = {at, at, "", object}; });
}

Result<void> note_failure(Transaction& transaction, std::string_view trail_id, std::string_view region, Leg leg,
                          Time at, const Error& error) {
    return change(transaction, trail_id, region, leg, [&](DeliveryStatus& one) {
        one.attempt = at;
        one.error = foreign_code(error);
    });
}

Result<void> reset_status(Transaction& transaction, std::string_view trail_id, std::span<const Leg> legs) {
    auto statuses = load_statuses(transaction, trail_id);
    if (!statuses) return fail(std::move(statuses).error());
    for (auto& [region, status] : *statuses) {
        for (const auto leg : legs) status.of[static_cast<std::size_t>(leg)].error.clear();
        CAIRN_TRY(save(transaction, trail_id, region, status));
    }
    return {};
}

}  // namespace cairn::trail
