#include "view/history/head.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace cairn::history {

Head::Head(std::uint64_t first_number, std::uint64_t limit)
    : first_number_(first_number), limit_(limit), capacity_(limit - first_number), end_number_(first_number) {
    CAIRN_CHECK(first_number < limit && capacity_ <= nodes_max);
    const auto slots = std::bit_ceil(std::max<std::uint64_t>(16, capacity_ * 2));
    slot_mask_ = static_cast<std::uint32_t>(slots - 1);
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots));
    rows_ = std::make_unique_for_overwrite<Row[]>(capacity_);
    node_chunks_ = std::make_unique<std::unique_ptr<Node[]>[]>(chunks_max);
    key_chunks_ = std::make_unique<std::unique_ptr<Key[]>[]>(chunks_max);
    buckets_ = std::make_unique<std::atomic<std::uint32_t>[]>(slots);
    id_slots_ = std::make_unique<std::atomic<std::uint32_t>[]>(slots);
}

void Head::reset(std::uint64_t first_number, std::uint64_t limit) {
    CAIRN_CHECK(first_number < limit && limit - first_number <= capacity_);
    first_number_ = first_number;
    limit_ = limit;
    row_count_ = node_count_ = key_count_ = 0;
    for (std::size_t slot = 0; slot <= slot_mask_; ++slot) {
        buckets_[slot].store(0, std::memory_order_relaxed);
        id_slots_[slot].store(0, std::memory_order_relaxed);
    }
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
    auto entry = buckets_[bucket(scope, hash)].load(std::memory_order_acquire);
    while (entry != 0) {
        const auto& found = key(entry - 1);
        if (found.hash == hash && found.scope == scope) return &found;
        entry = found.next;
    }
    return nullptr;
}

std::uint32_t Head::find_or_add(std::uint32_t scope, std::uint64_t hash, std::uint32_t bucket) {
    const auto first = buckets_[bucket].load(std::memory_order_relaxed);
    for (auto entry = first; entry != 0; entry = key(entry - 1).next)
        if (key(entry - 1).hash == hash && key(entry - 1).scope == scope) return entry - 1;
    const auto index = key_count_++;
    auto& chunk = key_chunks_[index / chunk_keys];
    if (!chunk) chunk = std::make_unique<Key[]>(chunk_keys);
    auto& added = chunk[index % chunk_keys];
    added.hash = hash;
    added.scope = scope;
    added.next = first;
    added.newest.store(none, std::memory_order_relaxed);
    added.count.store(0, std::memory_order_relaxed);
    buckets_[bucket].store(index + 1, std::memory_order_release);
    return index;
}

void Head::chain(std::uint32_t row, std::int64_t time_ms, std::uint32_t key_index) {
    auto& key = key_chunks_[key_index / chunk_keys][key_index % chunk_keys];
    const auto previous = key.newest.load(std::memory_order_relaxed);
    if (previous != none) {
        if (key.last_row == row) return;  // the same posting twice
        time_ms = std::max(time_ms, key.max_time_ms);
    }
    key.last_row = row;
    key.max_time_ms = time_ms;
    const auto index = node_count_++;
    auto& chunk = node_chunks_[index / chunk_nodes];
    if (!chunk) chunk = std::make_unique_for_overwrite<Node[]>(chunk_nodes);
    chunk[index % chunk_nodes] = {time_ms, row, previous, key_index};
    key.newest.store(index, std::memory_order_release);
    key.count.store(key.count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Head::append(const IndexRow& from, std::uint32_t scope, const std::uint64_t* postings, std::size_t posting_count) {
    CAIRN_CHECK(from.number >= first_number_ && from.number < limit_);
    const auto index = row_count_++;
    auto& row = rows_[index];
    row = {from.time_ms, from.number, from.id_hash, from.id_prefix, scope, node_count_, node_count_, none};

    constexpr std::size_t ahead = 16;  // so many cache misses at a time
    std::uint32_t buckets[ahead];
    for (std::size_t begin = 0; begin < posting_count; begin += ahead) {
        const auto count = std::min(ahead, posting_count - begin);
        for (std::size_t i = 0; i < count; ++i) {
            buckets[i] = bucket(scope, postings[begin + i]);
            __builtin_prefetch(&buckets_[buckets[i]]);
        }
        for (std::size_t i = 0; i < count; ++i) {
            const auto entry = buckets_[buckets[i]].load(std::memory_order_relaxed);
            if (entry != 0) __builtin_prefetch(&key(entry - 1), 1);
        }
        for (std::size_t i = 0; i < count; ++i)
            chain(index, from.time_ms, find_or_add(scope, postings[begin + i], buckets[i]));
    }
    chain(index, from.time_ms, find_or_add(scope, scope_chain, bucket(scope, scope_chain)));
    row.nodes_end = node_count_;

    auto slot = id_slot(from.id_hash);
    for (;; slot = (slot + 1) & slot_mask_) {
        const auto entry = id_slots_[slot].load(std::memory_order_relaxed);
        if (entry == 0) break;
        if (rows_[entry - 1].id_hash != from.id_hash) continue;
        row.same_id = entry - 1;
        break;
    }
    id_slots_[slot].store(index + 1, std::memory_order_release);
}

void Head::publish(std::uint64_t end_number) {
    published_.store(row_count_, std::memory_order_release);
    end_number_.store(end_number, std::memory_order_release);
}

}  // namespace cairn::history
