#include "view/session/life.h"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <tuple>

#include "base/hash.h"
#include "event/user_identity.h"

namespace cairn::session {

namespace {

constexpr std::chrono::hours after_expiration{1};  // gateway.md 4.2: clocks differ
constexpr std::size_t lives_max = 64;              // of one key id; where ids were made alike by hand there are more
constexpr std::chrono::seconds same_moment{2};     // an answer and its record
constexpr std::size_t text_bytes_max = 8192;       // of an identity, or of tags: ten times what most have

/// Where the calls of one moment, live and as a record shows it, meet.
Time whole_seconds(Time at) { return std::chrono::floor<std::chrono::seconds>(at); }

std::string_view person_name(const Json& identity) {
    if (const auto name = identity.text("userName"); !name.empty()) return name;
    const auto* context = identity.find("sessionContext");
    const auto* issuer = context ? context->find("sessionIssuer") : nullptr;
    if (identity.text("type") == "FederatedUser" && issuer) return issuer->text("userName");
    return {};
}

void set_identity(Life& life, const Json& identity, Evidence evidence, std::string_view event_id) {
    auto text = to_text(identity);
    if (text.size() > text_bytes_max) return;  // no service says so much of anybody
    life.identity = std::move(text);
    life.type = identity.text("type");
    life.arn = hash_of_arn(identity.text("arn"));
    life.name = person_name(identity);
    life.evidence = evidence;
    life.event_id = event_id;
}

bool same_caller(const Life& life, const Json& identity) {
    const auto arn = hash_of_arn(identity.text("arn"));
    if (arn != 0 && life.arn != 0) return arn == life.arn;
    return identity.text("type") == life.type && (life.name.empty() || person_name(identity) == life.name);
}

void take_identity(Life& life, const KeyFact& fact, const Observation& call) {
    if (fact.identity.is_null()) return;
    const bool same = !life.identity.empty() && same_caller(life, fact.identity);
    // Told again: only a better source is worth reading, but the first record to tell what an answer told is noted.
    if (same && fact.evidence <= life.evidence) {
        if (life.event_id.empty() && fact.evidence == life.evidence) life.event_id = call.event_id;
        return;
    }
    // What the upstream says of the caller is true whatever was thought before.
    const bool overrules = fact.evidence == Evidence::caller_identity && !same;
    if (!life.identity.empty() && fact.evidence < life.evidence && !overrules) return;
    if (same && fact.evidence == Evidence::caller_identity && life.evidence != Evidence::refusal &&
        life.evidence != Evidence::gateway_record)
        return;
    set_identity(life, fact.identity, fact.evidence, call.event_id);
}

void take_parent(Life& life, const KeyFact& fact) {
    if (fact.parent.kind > life.parent.kind) life.parent = fact.parent;
}

/// The life that `fact` is about, made if there is none.
Life* life_of(std::vector<Life>& lives, const KeyFact& fact, const Observation& call, Time at) {
    const auto since = fact.since ? whole_seconds(*fact.since) : at;
    for (auto& life : lives | std::views::reverse) {
        const bool begins_here = fact.since && life.begun && std::chrono::abs(life.from - since) <= same_moment;
        const bool other = fact.since && life.begun && !begins_here && fact.evidence == Evidence::answer &&
                           !fact.identity.is_null() && !same_caller(life, fact.identity);
        if (begins_here || (life.holds(since) && !other)) return &life;
        if (other && life.holds(since)) life.to = since;  // the id was given to somebody else meanwhile
    }
    const auto later = std::ranges::find_if(lives, [&](const Life& life) { return life.from > since; });
    if (later != lives.end() && !later->begun) {  // it is older than was known
        later->from = since;
        return &*later;
    }
    // A call that was refused does not bring an ended key back to life.
    const bool ended = later == lives.end() && !lives.empty();
    if (ended && !call.error_code.empty()) return nullptr;
    Life life;
    life.from = life.last = since;
    if (later != lives.end()) life.to = later->from;
    return &*lives.insert(later, std::move(life));
}

void apply_key(Tables& tables, const Observation& call, const KeyFact& fact) {
    const auto at = whole_seconds(call.at);
    auto& lives = tables.keys.make(call.space, fact.key_id);
    if (lives.size() > lives_max) lives.erase(lives.begin());
    auto* life = life_of(lives, fact, call, at);
    if (!life) return;
    if (fact.since) {
        life->from = std::min(life->from, whole_seconds(*fact.since));
        life->begun = true;
    }
    if (fact.expires) life->to = *fact.expires + after_expiration;
    if (fact.inactive && life->to == open_end) life->to = at;
    life->last = std::max(life->last, at);
    life->temporary = life->temporary || fact.temporary;
    if (life->tags.empty() && fact.tags.size() <= text_bytes_max) life->tags = fact.tags;
    take_identity(*life, fact, call);
    take_parent(*life, fact);
}

void end_life(std::vector<Life>& lives, Time at) {
    for (auto& life : lives)
        if (life.holds(at)) life.to = at;
}

/// A key that was switched off works again: as before, from now on.
void begin_again(std::vector<Life>& lives, Time at) {
    if (lives.empty() || life_at(lives, at)) return;
    Life again = lives.back();
    if (again.from > at) return;
    again.from = again.last = at;
    again.to = open_end;
    again.begun = true;
    lives.push_back(std::move(again));
}

void apply_end(Tables& tables, const Observation& call, const KeyEnd& end) {
    const auto at = whole_seconds(call.at);
    if (!end.key_id.empty()) {
        auto* lives = tables.keys.find(call.space, end.key_id);
        if (!lives) return;
        return end.again ? begin_again(*lives, at) : end_life(*lives, at);
    }
    tables.users.erase(key_of(call.space, end.account, end.user));
    auto* space = tables.keys.find_space(call.space);
    if (!space) return;
    for (auto& [key, lives] : *space) {
        for (auto& life : lives) {
            if (life.type != "IAMUser" || life.name != end.user || !life.holds(at)) continue;
            const auto identity = parse_json(life.identity);
            if (identity && identity->text("accountId") == end.account) life.to = at;
        }
    }
}

}  // namespace

std::uint64_t hash_of_arn(std::string_view arn) { return arn.empty() ? 0 : hash64(arn); }

Keys::Lives* Keys::find(std::string_view space, std::string_view id) {
    auto* keys = find_space(space);
    if (!keys) return nullptr;
    const auto entry = keys->find(id);
    return entry == keys->end() ? nullptr : &entry->second;
}

Keys::Space* Keys::find_space(std::string_view space) {
    const auto entry = spaces_.find(space);
    return entry == spaces_.end() ? nullptr : &entry->second;
}

Keys::Lives& Keys::make(std::string_view space, std::string_view id) {
    auto* keys = find_space(space);
    if (!keys) keys = &spaces_[std::string(space)];
    const auto [entry, is_new] = keys->try_emplace(std::string(id));
    size_ += is_new ? 1 : 0;
    return entry->second;
}

std::size_t Keys::forget(std::size_t kept, std::size_t share) {
    struct Candidate {
        bool lasting;
        Time last;
        Space* space;
        Space::iterator key;
    };
    std::vector<Candidate> candidates;
    for (auto& [name, space] : spaces_) {
        if (space.size() <= share) continue;
        for (auto key = space.begin(); key != space.end(); ++key)
            candidates.push_back({!key->second.back().temporary, key->second.back().last, &space, key});
    }
    const auto dropped = static_cast<std::ptrdiff_t>(std::min(size_ - std::min(size_, kept), candidates.size()));
    const auto first_out = [](const Candidate& one, const Candidate& other) {
        return std::tie(one.lasting, one.last, one.key->first) < std::tie(other.lasting, other.last, other.key->first);
    };
    std::nth_element(candidates.begin(), candidates.begin() + dropped, candidates.end(), first_out);
    for (auto candidate = candidates.begin(); candidate != candidates.begin() + dropped; ++candidate)
        candidate->space->erase(candidate->key);
    size_ -= static_cast<std::size_t>(dropped);
    std::erase_if(spaces_, [](const auto& entry) { return entry.second.empty(); });
    return static_cast<std::size_t>(dropped);
}

std::string key_of(std::string_view space, std::string_view account, std::string_view name) {
    std::string key(space);
    return key.append("\n").append(account).append("\n").append(name);
}

const Life* life_at(const std::vector<Life>& lives, Time at) {
    const auto found =
        std::ranges::find_if(lives | std::views::reverse, [&](const Life& life) { return life.holds(at); });
    return found == (lives | std::views::reverse).end() ? nullptr : &*found;
}

void apply(Tables& tables, const Observation& call, const Facts& facts) {
    const auto note = [&](auto& names, const auto& fact) {
        auto& named = names[key_of(call.space, fact.account, fact.name)];
        if (!fact.id.empty()) named.id = fact.id;
        named.arn = fact.arn;
        named.last = std::max(named.last, call.at);
    };
    for (const auto& user : facts.users) note(tables.users, user);
    for (const auto& role : facts.roles) note(tables.roles, role);
    for (const auto& key : facts.keys) apply_key(tables, call, key);
    for (const auto& end : facts.ends) apply_end(tables, call, end);
}

Json identity_of(const Tables& tables, std::string_view space, const Life& life) {
    if (life.identity.empty()) return {};
    auto identity = parse_json(life.identity);
    if (!identity) return {};
    const auto type = identity->text("type");
    const std::string account(identity->text("accountId"));
    if (type == "IAMUser" && (identity->text("principalId").empty() || identity->text("arn").empty())) {
        const auto user = tables.users.find(key_of(space, account, identity->text("userName")));
        const std::string name(identity->text("userName"));
        Json whole = user_identity(
            {.type = "IAMUser",
             .principal_id = user != tables.users.end() ? user->second.id : std::string(),
             .arn = user != tables.users.end() ? user->second.arn : "arn:aws:iam::" + account + ":user/" + name,
             .account = account,
             .user_name = name},
            nullptr);
        if (const auto* context = identity->find("sessionContext")) whole.set("sessionContext", *context);
        return whole;
    }
    const auto* context = identity->find("sessionContext");
    const auto* issuer = context ? context->find("sessionIssuer") : nullptr;
    if (type != "AssumedRole" || !issuer || life.evidence == Evidence::trail_record) return std::move(*identity);
    const auto role = tables.roles.find(key_of(space, issuer->text("accountId"), issuer->text("userName")));
    Json better = *issuer, whole_context = *context;
    const auto id = better.text("principalId");
    // A role of that name that was made anew is another role.
    if (role != tables.roles.end() && (id.empty() || id == role->second.id)) {
        JsonObject members;
        for (const char* name : {"type", "principalId", "arn", "accountId", "userName"}) {
            auto value = std::string(better.text(name));
            if (name == std::string_view("principalId") && value.empty()) value = role->second.id;
            if (name == std::string_view("arn")) value = role->second.arn;
            if (!value.empty()) members.emplace_back(name, std::move(value));
        }
        better = std::move(members);
    } else if (better.text("arn").empty()) {
        JsonObject members;
        for (const auto& [name, value] : better.as_object()) {
            if (name == "accountId")
                members.emplace_back(
                    "arn", "arn:aws:iam::" + value.as_string() + ":role/" + std::string(better.text("userName")));
            members.emplace_back(name, value);
        }
        better = std::move(members);
    }
    whole_context.set("sessionIssuer", std::move(better));
    identity->set("sessionContext", std::move(whole_context));
    return std::move(*identity);
}

namespace {

template <class Names>
void forget_names(Names& names, std::size_t most) {
    if (names.size() <= most) return;
    std::vector<Time> times;
    for (const auto& [key, named] : names) times.push_back(named.last);
    const auto kept = most - most / 10;
    const auto place = times.begin() + static_cast<std::ptrdiff_t>(times.size() - kept);
    std::ranges::nth_element(times, place);
    const auto oldest_kept = *place;
    std::erase_if(names, [&](const auto& entry) { return entry.second.last < oldest_kept; });
}

}  // namespace

std::size_t forget(Tables& tables, std::size_t keys_max) {
    forget_names(tables.users, keys_max);
    forget_names(tables.roles, keys_max);
    if (tables.keys.size() <= keys_max) return 0;
    // A busy space makes room for itself. Many at once, for all are looked at.
    return tables.keys.forget(keys_max - keys_max / 4, keys_max / tables.keys.spaces().size());
}

}  // namespace cairn::session
