#include "node/hold.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace cairn::node {

namespace {

bool names(std::span<const Resource> resources, std::string_view name) {
    return std::ranges::find(resources, name, &Resource::name) != resources.end();
}

}  // namespace

bool covers(const Hold& hold, const EventView& event) {
    if (hold.from && event.time < *hold.from) return false;
    if (hold.to && event.time >= *hold.to) return false;
    if (!hold.account.empty() && event.account != hold.account) return false;
    if (!hold.resource.empty() && !names(event.resources, hold.resource) &&
        !names(event.record_resources, hold.resource))
        return false;
    const std::string_view users[] = {event.username,     event.user_name,     event.arn,
                                      event.principal_id, event.access_key_id, event.session_issuer_arn};
    return hold.user.empty() || std::ranges::find(users, std::string_view(hold.user)) != std::end(users);
}

std::optional<Time> parse_hold_time(const std::string& text, bool last) {
    constexpr std::size_t day_length = sizeof "2026-03-31" - 1;
    if (text.size() != day_length) return parse_time(text);
    const auto day = parse_time(text + "T00:00:00Z");
    return day && last ? *day + std::chrono::days(1) : day;
}

Result<void> check_hold(const Hold& hold) {
    if (hold.name.empty()) return fail(Code::invalid, "a hold has no name");
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!hold.account.empty() && (hold.account.size() != 12 || !std::ranges::all_of(hold.account, digit)))
        return fail(Code::invalid,
                    fmt::format("hold \"{}\": account \"{}\" is not 12 digits", hold.name, hold.account));
    if (hold.from && hold.to && *hold.from >= *hold.to)
        return fail(Code::invalid, fmt::format("hold \"{}\": there is nothing between from and to", hold.name));
    return {};
}

std::string describe(const Hold& hold) {
    std::string text;
    const auto say = [&](std::string_view what, const std::string& value) {
        if (!value.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, value);
    };
    say("account", hold.account);
    say("user", hold.user);
    say("resource", hold.resource);
    say("from", hold.from ? format_time(*hold.from) : "");
    say("to", hold.to ? format_time(*hold.to) : "");
    return text.empty() ? "everything" : text;
}

}  // namespace cairn::node
