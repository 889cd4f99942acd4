#include "view/history/head.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace cairn::history {

Head::Head(std::uint64_t first_number, std::uint64_t limit)
    : first_number_(first_number), limit_(limit), capacity_(limit - first_number), end_number_(first_number) {
    CAIRN_CHECK(first_number < limit && capacity_ <= nodes_max);
    const auto row_slots = std::bit_ceil(std::max<std::uint64_t>(16, capacity_ * 2));
    buckets_ = 4 * row_slots;  // an event has some new keys
    slot_mask_ = static_cast<std::uint32_t>(row_slots - 1);
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(buckets_));
    rows_ = LargeArray<Row>(capacity_);
    node_chunks_ = std::make_unique<LargeArray<Node>[]>(chunks_max);
    key_chunks_ = std::make_unique<LargeArray<Key>[]>(chunks_max);
    slots_ = LargeArray<Slot>(buckets_ + row_slots);
}

void Head::reset(std::uint64_t first_number, std::uint64_t limit) {
    CAIRN_CHECK(first_number < limit && limit - first_number <= capacity_);
    first_number_ = first_number;
    limit_ = limit;
    row_count_ = node_count_ = key_count_ = 0;
    for (std::size_t slot = 0; slot < buckets_ + slot_mask_ + 1; ++slot)
        slots_[slot].store(0, std::memory_order_relaxed);
    published_.store(0, std::memory_order_relaxed);
    end_number_.store(first_number, std::memory_order_release);
}

std::shared_ptr<Head> HeadPool::take(std::uint64_t first_number, std::uint64_t limit) {
    constexpr std::size_t spares_max = 2;
    std::unique_ptr<Head> head;
    {
        std::lock_guard lock(spares_->mutex);
        if (!spares_->heads.empty()) {
            head = std::move(spares_->heads.back());
            spares_->heads.pop_back();
        }
    }
    if (head && head->capacity() >= limit - first_number)
        head->reset(first_number, limit);
    else
        head = std::make_unique<Head>(first_number, limit);
    return {head.release(), [spares = spares_](Head* used) {
                std::unique_ptr<Head> owner(used);
                std::lock_guard lock(spares->mutex);
                if (spares->heads.size() < spares_max) spares->heads.push_back(std::move(owner));
            }};
}

const Head::Key* Head::find(std::uint32_t scope, std::uint64_t hash) const {
    auto entry = bucket_slot(bucket(scope, hash)).load(std::memory_order_acquire);
    while (entry != 0) {
        const auto& found = key(entry - 1);
        if (found.hash == hash && found.scope == scope) return &found;
        entry = found.next;
    }
    return nullptr;
}

std::uint32_t Head::find_or_add(std::uint32_t scope, std::uint64_t hash) {
    auto& slot = bucket_slot(bucket(scope, hash));
    const auto first = slot.load(std::memory_order_relaxed);
    for (auto entry = first; entry != 0; entry = key(entry - 1).next)
        if (key(entry - 1).hash == hash && key(entry - 1).scope == scope) return entry - 1;
    const auto index = key_count_++;
    auto& chunk = key_chunks_[index / chunk_keys];
    if (!chunk) chunk = LargeArray<Key>(chunk_keys);
    auto& added = chunk[index % chunk_keys];
    added.hash = hash;
    added.scope = scope;
    added.next = first;
    added.newest.store(none, std::memory_order_relaxed);
    added.count.store(0, std::memory_order_relaxed);
    slot.store(index + 1, std::memory_order_release);
    return index;
}

void Head::chain(std::uint32_t row_index, std::uint32_t key_index) {
    const auto& row = rows_[row_index];
    auto time_ms = row.time_ms;
    auto& key = key_chunks_[key_index / chunk_keys][key_index % chunk_keys];
    const auto previous = key.newest.load(std::memory_order_relaxed);
    if (previous != none) {
        if (previous >= row.nodes_begin) return;  // the same posting twice
        time_ms = std::max(time_ms, key.max_time_ms);
    }
    key.max_time_ms = time_ms;
    const auto index = node_count_++;
    auto& chunk = node_chunks_[index / chunk_nodes];
    if (!chunk) chunk = LargeArray<Node>(chunk_nodes);
    chunk[index % chunk_nodes] = {time_ms, row_index, previous, key_index};
    key.newest.store(index, std::memory_order_release);
    key.count.store(key.count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Head::expect(const IndexRow& row, std::uint32_t scope, const std::uint64_t* postings, std::size_t posting_count,
                  bool next) const {
    const auto fetch = [&](std::uint64_t hash) {
        const auto& slot = bucket_slot(bucket(scope, hash));
        if (!next) return __builtin_prefetch(&slot);
        if (const auto entry = slot.load(std::memory_order_relaxed); entry != 0) __builtin_prefetch(&key(entry - 1), 1);
    };
    for (std::size_t i = 0; i < posting_count; ++i) fetch(postings[i]);
    fetch(scope_chain);
    const auto& slot = row_slot(id_slot(row.id_hash));
    if (!next) return __builtin_prefetch(&slot, 1);
    if (const auto entry = slot.load(std::memory_order_relaxed); entry != 0) __builtin_prefetch(&rows_[entry - 1]);
}

void Head::append(const IndexRow& from, std::uint32_t scope, const std::uint64_t* postings, std::size_t posting_count) {
    CAIRN_CHECK(from.number >= first_number_ && from.number < limit_);
    const auto index = row_count_++;
    auto& row = rows_[index];
    row = {from.time_ms, from.number, from.id_hash, from.id_prefix, scope, node_count_, node_count_, none};
    for (std::size_t i = 0; i < posting_count; ++i) chain(index, find_or_add(scope, postings[i]));
    chain(index, find_or_add(scope, scope_chain));
    row.nodes_end = node_count_;

    auto slot = id_slot(from.id_hash);
    for (;; slot = (slot + 1) & slot_mask_) {
        const auto entry = row_slot(slot).load(std::memory_order_relaxed);
        if (entry == 0) break;
        if (rows_[entry - 1].id_hash != from.id_hash) continue;
        row.same_id = entry - 1;
        break;
    }
    row_slot(slot).store(index + 1, std::memory_order_release);
}

void Head::publish(std::uint64_t end_number) {
    published_.store(row_count_, std::memory_order_release);
    end_number_.store(end_number, std::memory_order_release);
}

}  // namespace cairn::history
