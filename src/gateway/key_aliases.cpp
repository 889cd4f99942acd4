#include "gateway/key_aliases.h"

#include <mutex>
#include <utility>

namespace cairn::gateway {

namespace {

constexpr std::size_t aliases_max = 10'000;

/// "alias/x" of that or of its ARN; empty: it is none.
std::string_view alias_in(std::string_view key) {
    if (key.starts_with("alias/")) return key;
    const auto at = key.find(":alias/");
    return at == std::string_view::npos ? std::string_view() : key.substr(at + 1);
}

std::string place_of(std::string_view space, std::string_view alias) {
    return std::string(space) + '\n' + std::string(alias);
}

}  // namespace

void KeyAliases::put(std::string_view space, std::string_view alias, std::string_view key) {
    if (alias_in(alias).empty() || key.empty()) return;
    const std::lock_guard lock(mutex_);
    if (keys_.size() >= aliases_max) keys_.erase(keys_.begin());
    keys_.insert_or_assign(place_of(space, alias_in(alias)), std::string(key));
}

void KeyAliases::learn(std::string_view space, std::string_view event_name, const Json& parameters,
                       const Json& answer) {
    if (event_name == "CreateAlias" || event_name == "UpdateAlias")
        return put(space, parameters.text("aliasName"), parameters.text("targetKeyId"));
    if (event_name == "DeleteAlias") {
        const std::lock_guard lock(mutex_);
        keys_.erase(place_of(space, parameters.text("aliasName")));
        return;
    }
    if (event_name == "DescribeKey") {
        if (const auto* described = answer.find("keyMetadata"))
            put(space, parameters.text("keyId"), described->text("arn"));
        return;
    }
    if (const auto* aliases = answer.find("aliases"); aliases && event_name == "ListAliases")
        for (const auto& alias : aliases->as_array()) put(space, alias.text("aliasName"), alias.text("targetKeyId"));
}

Json KeyAliases::resolved(std::string_view space, const Json& parameters) const {
    auto out = parameters;
    for (const auto* const member : {"keyId", "sourceKeyId", "destinationKeyId"}) {
        const auto alias = alias_in(parameters.text(member));
        if (alias.empty()) continue;
        const std::shared_lock lock(mutex_);
        if (const auto found = keys_.find(place_of(space, alias)); found != keys_.end()) out.set(member, found->second);
    }
    return out;
}

}  // namespace cairn::gateway
