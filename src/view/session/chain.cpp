#include "view/session/chain.h"

#include <algorithm>
#include <unordered_map>

#include "event/user_identity.h"

namespace cairn::session {

namespace {

constexpr std::size_t hops_max = 256;  // AWS allows any number; a circle must end

bool is_person(std::string_view type) { return type == "IAMUser" || type == "Root"; }

struct Step {
    std::string_view space, key_id;
    const Life* life = nullptr;
};

/// The lives on the way from a key to the oldest that is known, and the key that is not (if it ends so).
struct Walk {
    std::vector<Step> steps;
    std::string unknown_key;
    bool circle = false;
};

Walk walk(const Tables& tables, std::string_view space, std::string_view key_id, const Life& first) {
    Walk found;
    found.steps.push_back({space, key_id, &first});
    while (true) {
        const auto& life = *found.steps.back().life;
        if (life.parent.kind != ParentKind::key) return found;
        const auto* lives = tables.keys.find(space, life.parent.name);
        const auto* parent = lives ? life_at(*lives, life.from) : nullptr;
        if (!parent) {
            found.unknown_key = life.parent.name;
            return found;
        }
        const auto seen = [&](const Step& step) { return step.life == parent; };
        if (found.steps.size() == hops_max || std::ranges::any_of(found.steps, seen)) {
            found.circle = true;
            return found;
        }
        found.steps.push_back({space, life.parent.name, parent});
    }
}

/// Of a user's own session, or of one that a user named: who it is although the key before is not known.
Origin person_of(const Tables& tables, std::string_view space, const Life& life) {
    Origin origin;
    if (!is_person(life.type) && life.type != "FederatedUser") return origin;
    const auto identity = identity_of(tables, space, life);
    if (is_person(life.type)) {
        origin.kind = Origin::Kind::person;
        origin.name = life.type == "Root" ? "root" : life.name;
        origin.arn = identity.text("arn");
    } else {
        const auto* context = identity.find("sessionContext");
        const auto* issuer = context ? context->find("sessionIssuer") : nullptr;
        if (!issuer || issuer->text("arn").empty()) return origin;
        origin.kind = Origin::Kind::person;
        origin.name = issuer->text("type") == "Root" ? "root" : std::string(issuer->text("userName"));
        origin.arn = issuer->text("arn");
    }
    return origin;
}

Origin origin_of(const Tables& tables, const Walk& way) {
    const auto& last = way.steps.back();
    const auto& life = *last.life;
    auto origin = person_of(tables, last.space, life);
    if (way.circle) {
        origin.gap = "the chain has more than 256 keys, or leads back to itself";
        origin.kind = Origin::Kind::gap;
        return origin;
    }
    switch (life.parent.kind) {
        case ParentKind::key:
            origin.gap = "nothing is known of key " + way.unknown_key + ", which asked for " + std::string(last.key_id);
            return origin;
        case ParentKind::subject:
            return {.kind = Origin::Kind::subject, .name = life.parent.name, .arn = life.parent.provider, .gap = {}};
        case ParentKind::service:
            return {.kind = Origin::Kind::service, .name = life.parent.name, .arn = {}, .gap = {}};
        case ParentKind::principal:
            origin.gap = life.parent.name + " asked for " + std::string(last.key_id) + " with a key that was not seen";
            return origin;
        case ParentKind::unknown:
            origin.gap = "the call that gave out " + std::string(last.key_id) + " was not seen";
            if (!life.parent.name.empty()) origin.gap += " (" + life.parent.name + ")";
            return origin;
        case ParentKind::none: break;
    }
    if (life.identity.empty())
        origin.gap = "who is behind key " + std::string(last.key_id) + " was not seen";
    else if (origin.kind == Origin::Kind::person && !life.temporary)
        origin.kind = Origin::Kind::key;
    else if (origin.kind == Origin::Kind::gap)
        origin.gap = "a " + life.type + " with a key that nobody was seen to give out";
    return origin;
}

}  // namespace

Chain chain_of(const Tables& tables, std::string_view space, std::string_view key_id, std::optional<Time> at) {
    Chain chain;
    const auto* lives = tables.keys.find(space, key_id);
    if (!lives) return chain;
    const auto* first = at ? life_at(*lives, *at) : &lives->back();
    if (!first) {
        chain.origin.gap =
            "key " + std::string(key_id) + " was not valid then: " + "its session had ended, or had not begun";
        return chain;
    }
    const auto way = walk(tables, space, key_id, *first);
    for (const auto& step : way.steps) {
        Link link;
        link.key_id = step.key_id;
        link.from = step.life->from;
        if (step.life->to != open_end) link.to = step.life->to;
        if (auto identity = identity_of(tables, space, *step.life); !identity.is_null())
            link.user_identity = with_access_key(identity, step.key_id);
        link.evidence = step.life->evidence;
        link.event_id = step.life->event_id;
        link.tags = step.life->tags;
        chain.links.push_back(std::move(link));
    }
    if (!way.unknown_key.empty()) {
        Link unknown;
        unknown.key_id = way.unknown_key;
        chain.links.push_back(std::move(unknown));
    }
    chain.origin = origin_of(tables, way);
    return chain;
}

std::vector<KeyWindow> keys_of(const Tables& tables, const IsMeant& is_meant, Time from, Time to) {
    std::vector<KeyWindow> windows;
    std::unordered_map<const Life*, bool> known;  // by the life that a chain ends with: many end alike
    const auto ends_in = [&](const Walk& way) {
        const auto [entry, is_new] = known.try_emplace(way.steps.back().life, false);
        if (!is_new) return entry->second;
        const auto origin = origin_of(tables, way);
        return entry->second = origin.kind != Origin::Kind::gap && is_meant(origin);
    };
    for (const auto& [space, keys] : tables.keys.spaces()) {
        for (const auto& [id, lives] : keys) {
            for (const auto& life : lives) {
                if (life.from > to || life.to < from) continue;
                if (ends_in(walk(tables, space, id, life)))
                    windows.push_back({id, std::max(life.from, from), std::min(life.to, to)});
            }
        }
    }
    std::ranges::sort(windows, {}, [](const KeyWindow& window) { return std::pair(window.key_id, window.from); });
    return windows;
}

}  // namespace cairn::session
