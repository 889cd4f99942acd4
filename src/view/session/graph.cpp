#include "view/session/graph.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "event/user_identity.h"
#include "view/session/chain.h"
#include "view/session/facts.h"
#include "view/session/saved.h"

namespace cairn::session {

struct Graph::State {
    explicit State(GraphOptions given) : options(given) {}

    const GraphOptions options;
    std::atomic<std::size_t> forgotten{0};
    mutable std::shared_mutex mutex;
    Tables tables;  // guarded by mutex
};

Graph::Graph(GraphOptions options) : state_(std::make_unique<State>(options)) {}
Graph::~Graph() = default;

void Graph::learn(const Observation& call) {
    const auto facts = facts_of(call);
    if (facts.keys.empty() && facts.users.empty() && facts.roles.empty() && facts.ends.empty()) return;
    const std::unique_lock lock(state_->mutex);
    apply(state_->tables, call, facts);
    state_->forgotten += forget(state_->tables, state_->options.keys_max);
}

bool Graph::knows_use(std::string_view space, std::string_view key_id, std::string_view arn, Time at, bool from_trail) {
    const std::unique_lock lock(state_->mutex);
    auto* lives = state_->tables.keys.find(space, key_id);
    if (!lives) return false;
    const auto life = std::ranges::find_if(*lives, [&](const Life& one) { return one.holds(at); });
    if (life == lives->end()) return false;
    const auto told = from_trail ? Evidence::trail_record : Evidence::gateway_record;
    const bool nothing_told = arn.empty() && !from_trail;
    if (!nothing_told && life->evidence <= told && (life->evidence < told || hash_of_arn(arn) != life->arn))
        return false;
    life->last = std::max(life->last, at);
    return true;
}

std::optional<std::pair<Time, Time>> Graph::validity(std::string_view space, std::string_view key_id, Time at) const {
    const std::shared_lock lock(state_->mutex);
    const auto* lives = state_->tables.keys.find(space, key_id);
    const auto* life = lives ? life_at(*lives, at) : nullptr;
    return life ? std::optional(std::pair(life->from, life->to)) : std::nullopt;
}

Json Graph::find(std::string_view space, std::string_view key_id, Time at) const {
    const std::shared_lock lock(state_->mutex);
    const auto* lives = state_->tables.keys.find(space, key_id);
    const auto* life = lives ? life_at(*lives, at) : nullptr;
    if (!life || life->evidence <= Evidence::gateway_record) return {};
    const auto identity = identity_of(state_->tables, space, *life);
    return identity.is_null() ? Json() : with_access_key(identity, key_id);
}

Chain Graph::chain(std::string_view space, std::string_view key_id, std::optional<Time> at) const {
    const std::shared_lock lock(state_->mutex);
    return chain_of(state_->tables, space, key_id, at);
}

std::vector<std::string> Graph::spaces_of(std::string_view key_id) const {
    const std::shared_lock lock(state_->mutex);
    std::vector<std::string> found;
    for (const auto& [space, keys] : state_->tables.keys.spaces())
        if (keys.contains(key_id)) found.push_back(space);
    return found;
}

std::vector<std::string> Graph::spaces() const {
    const std::shared_lock lock(state_->mutex);
    std::vector<std::string> names;
    for (const auto& [space, keys] : state_->tables.keys.spaces()) names.push_back(space);
    return names;
}

std::vector<KeyWindow> Graph::keys_of(const IsMeant& is_meant, Time from, Time to) const {
    const std::shared_lock lock(state_->mutex);
    return session::keys_of(state_->tables, is_meant, from, to);
}

void Graph::clear() {
    const std::unique_lock lock(state_->mutex);
    state_->tables = {};
}

std::size_t Graph::key_count() const {
    const std::shared_lock lock(state_->mutex);
    return state_->tables.keys.size();
}

std::size_t Graph::forgotten() const { return state_->forgotten; }

Result<void> Graph::save(std::uint64_t position, const WriteBytes& write) const {
    static constexpr std::size_t at_once = 256;  // a writer waits no longer than that: gateways learn meanwhile
    TablesWriter writer(position, write);
    const auto each = [&](const auto& table, const auto& add) {
        std::vector<std::string> keys;
        {
            const std::shared_lock lock(state_->mutex);
            const auto* entries = table();
            if (!entries) return;
            keys.reserve(entries->size());
            for (const auto& [key, entry] : *entries) keys.push_back(key);
        }
        std::ranges::sort(keys);  // so that equal graphs have equal files
        for (std::size_t begin = 0; begin < keys.size(); begin += at_once) {
            writer.flush();
            const std::shared_lock lock(state_->mutex);
            const auto* entries = table();
            if (!entries) return;
            for (std::size_t i = begin; i < std::min(keys.size(), begin + at_once); ++i)
                if (const auto entry = entries->find(keys[i]); entry != entries->end())
                    add(entry->first, entry->second);
        }
    };
    auto& tables = state_->tables;
    for (const auto& space : spaces())
        each([&] { return tables.keys.find_space(space); },
             [&](const auto& id, const auto& lives) { writer.add_key(space, id, lives); });
    each([&] { return &tables.users; }, [&](const auto& key, const auto& user) { writer.add_user(key, user); });
    each([&] { return &tables.roles; }, [&](const auto& key, const auto& role) { writer.add_role(key, role); });
    return writer.finish();
}

Result<std::uint64_t> Graph::load(std::string_view text) {
    Tables tables;
    const auto position = load_tables(text, tables);
    if (!position) return position;
    const std::unique_lock lock(state_->mutex);
    state_->tables = std::move(tables);
    return position;
}

}  // namespace cairn::session
