#include "admit/memtable.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::admit {

namespace {

bool before(const Entry& a, const Entry& b) { return std::tie(a.hash, a.number) < std::tie(b.hash, b.number); }

// Linear for what is nearly in order; gives up when it is not.
bool insertion_sort(std::vector<Entry>& entries) {
    auto moves_left = entries.size() * 16;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        const Entry entry = entries[i];
        auto at = i;
        for (; at > 0 && before(entry, entries[at - 1]); --at) {
            if (moves_left-- == 0) {
                entries[at] = entry;
                return false;
            }
            entries[at] = entries[at - 1];
        }
        entries[at] = entry;
    }
    return true;
}

}  // namespace

Memtable::Memtable(std::uint64_t first, std::uint32_t capacity)
    : first_(first),
      capacity_(capacity),
      slot_count_(capacity + capacity / 3 + 1),
      slots_(slot_count_ * slot_bytes),
      contents_(std::size_t{capacity} * sizeof(Hash128)) {}

void Memtable::add(std::uint64_t hash, std::uint64_t number, const Hash128& content) {
    CAIRN_CHECK(number >= first_ && number < end() && count_ < capacity_);
    auto index = home(hash);
    while (load<std::uint32_t>(slot(index) + 8) != 0)
        if (++index == slot_count_) index = 0;
    store<std::uint64_t>(slot(index), hash);
    store<std::uint32_t>(slot(index) + 8, static_cast<std::uint32_t>(number - first_ + 1));
    ++count_;
    const_cast<Hash128*>(contents(number))[0] = content;
}

void Memtable::find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const {
    for (auto index = home(hash);;) {
        const auto place = load<std::uint32_t>(slot(index) + 8);
        if (place == 0) return;
        if (load<std::uint64_t>(slot(index)) == hash) numbers.push_back(first_ + place - 1);
        if (++index == slot_count_) index = 0;
    }
}

std::vector<Entry> Memtable::sorted() const {
    std::vector<Entry> entries;
    entries.reserve(count_);
    for (std::uint64_t index = 0; index < slot_count_; ++index)
        if (const auto place = load<std::uint32_t>(slot(index) + 8); place != 0)
            entries.push_back({load<std::uint64_t>(slot(index)), first_ + place - 1});
    if (!insertion_sort(entries)) std::ranges::sort(entries, before);
    return entries;
}

}  // namespace cairn::admit
