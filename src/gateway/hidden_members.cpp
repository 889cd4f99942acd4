#include "gateway/hidden_members.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/http.h"

namespace cairn::gateway {

Result<HiddenMembers> HiddenMembers::parse(const std::vector<std::string>& entries) {
    HiddenMembers members;
    for (const auto& text : entries) {
        const auto colon = text.find(':');
        const bool of_service = colon != std::string::npos;
        auto name = of_service ? text.substr(colon + 1) : text;
        if (name.empty() || colon == 0 || name.find(':') != std::string::npos)
            return fail(Code::invalid,
                        fmt::format("\"{}\" is neither a member's name nor SERVICE:NAME, such as ssm:comment", text));
        members.entries_.push_back({of_service ? text.substr(0, colon) + ".amazonaws.com" : "", std::move(name)});
    }
    return members;
}

Json HiddenMembers::hide(Json shown, std::string_view event_source) const {
    if (!entries_.empty()) hide_in(shown, event_source);
    return shown;
}

bool HiddenMembers::hides(std::string_view event_source, std::string_view name) const {
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return (entry.event_source.empty() || entry.event_source == event_source) && net::equal_names(entry.name, name);
    });
}

void HiddenMembers::hide_in(Json& value, std::string_view event_source) const {
    if (value.is_array())
        for (auto& element : value.array()) hide_in(element, event_source);
    if (!value.is_object()) return;
    for (auto& [name, member] : value.object()) {
        if (hides(event_source, name))
            member = "HIDDEN_DUE_TO_SECURITY_REASONS";
        else
            hide_in(member, event_source);
    }
}

}  // namespace cairn::gateway
