#include "event/resource_list.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"

namespace cairn {

namespace {

constexpr std::size_t linear_max = 16;

std::uint64_t hash_of(std::string_view type, std::string_view name) { return hash64(name, hash64(type)); }

}  // namespace

void ResourceList::add(std::string_view type, std::string_view name) {
    if (name.empty() || name == "HIDDEN_DUE_TO_SECURITY_REASONS" || is_known(type, name)) return;
    entries_.push_back({type, name});
    if (entries_.size() == linear_max || (entries_.size() > linear_max && entries_.size() * 2 > slots_.size()))
        rehash(std::bit_ceil(entries_.size() * 4));
}

bool ResourceList::is_known(std::string_view type, std::string_view name) {
    const auto same = [&](const Resource& entry) { return entry.name == name && entry.type == type; };
    if (entries_.size() < linear_max) return std::ranges::any_of(entries_, same);
    auto i = hash_of(type, name) & (slots_.size() - 1);
    for (; slots_[i] != 0; i = (i + 1) & (slots_.size() - 1))
        if (same(entries_[slots_[i] - 1])) return true;
    slots_[i] = static_cast<std::uint32_t>(entries_.size() + 1);  // the caller adds it now
    return false;
}

void ResourceList::rehash(std::size_t slots) {
    slots_.assign(slots, 0);
    for (std::uint32_t entry = 0; entry < entries_.size(); ++entry) {
        auto i = hash_of(entries_[entry].type, entries_[entry].name) & (slots - 1);
        while (slots_[i] != 0) i = (i + 1) & (slots - 1);
        slots_[i] = entry + 1;
    }
}

}  // namespace cairn
