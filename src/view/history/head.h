#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/memory.h"
#include "event/index_row.h"

namespace cairn::history {

/// The newest events, in memory: rows as they came, and for every (scope, posting) a chain of its rows, newest arrival
/// first. One thread appends; any number read without locks what was published before. Holds the events of numbers
/// [first_number, end_number), and becomes an index file afterwards.
class Head {
public:
    static constexpr std::uint32_t none = 0xffffffff;
    static constexpr std::uint64_t scope_chain = 0;  ///< the posting hash under which all rows of a scope are chained
    static constexpr std::uint32_t nodes_max = 1u << 22;

    /// Room for every number of [first_number, limit).
    Head(std::uint64_t first_number, std::uint64_t limit);

    /// Empties it for other numbers, not more of them. Nobody may be reading.
    void reset(std::uint64_t first_number, std::uint64_t limit);

    // --- by the one writer ---

    /// Hints that this event is soon appended, first for events some calls away, then with `next` for the next one or
    /// two: what append() touches is fetched meanwhile.
    void expect(const IndexRow& row, std::uint32_t scope, const std::uint64_t* postings, std::size_t posting_count,
                bool next) const;

    /// Takes one event; `scope` is its number in the ScopeRegistry. Numbers grow from call to call.
    void append(const IndexRow& row, std::uint32_t scope, const std::uint64_t* postings, std::size_t posting_count);

    /// Makes everything appended visible. Events below `end_number` are now answered for.
    void publish(std::uint64_t end_number);

    std::uint64_t limit() const { return limit_; }

    /// True when memory is spent: the head should be sealed before the next event.
    bool full() const { return node_count_ >= nodes_max; }

    // --- by readers ---

    struct Row {
        std::int64_t time_ms;
        std::uint64_t number;
        std::uint64_t id_hash;
        std::uint64_t id_prefix;
        std::uint32_t scope;
        std::uint32_t nodes_begin;
        std::uint32_t nodes_end;
        std::uint32_t same_id;  ///< the row before with the same id hash, or none
    };
    struct Node {
        std::int64_t max_time_ms;  ///< of this and all older rows of the chain
        std::uint32_t row;
        std::uint32_t previous;  ///< the next older node, or none
        std::uint32_t key;
    };
    struct Key {
        std::uint64_t hash;
        std::int64_t max_time_ms;  ///< the writer's: of the newest node
        std::uint32_t scope;
        std::uint32_t next;  ///< in the same bucket
        std::atomic<std::uint32_t> newest{none};
        std::atomic<std::uint32_t> count{0};
    };

    std::uint64_t first_number() const { return first_number_; }
    std::uint64_t end_number() const { return end_number_.load(std::memory_order_acquire); }

    /// Rows below the result may be read; ask once and stay with it.
    std::uint32_t rows() const { return published_.load(std::memory_order_acquire); }
    std::uint64_t capacity() const { return capacity_; }
    const Row& row(std::uint32_t index) const { return rows_[index]; }
    const Node& node(std::uint32_t index) const { return node_chunks_[index / chunk_nodes][index % chunk_nodes]; }
    const Key& key(std::uint32_t index) const { return key_chunks_[index / chunk_keys][index % chunk_keys]; }
    std::uint32_t key_count() const { return key_count_; }  ///< by the writer, or once the head is complete

    /// The chain of (scope, posting hash), or null. Its nodes may be newer than what the reader may see.
    const Key* find(std::uint32_t scope, std::uint64_t hash) const;

    /// Calls `use(row)` for every row below `visible` with this id hash.
    template <class Use>
    void for_each_id(std::uint64_t id_hash, std::uint32_t visible, Use&& use) const {
        for (auto slot = id_slot(id_hash);; slot = (slot + 1) & slot_mask_) {
            const auto entry = row_slot(slot).load(std::memory_order_acquire);
            if (entry == 0) return;
            if (rows_[entry - 1].id_hash != id_hash) continue;
            for (auto row = entry - 1; row != none; row = rows_[row].same_id)
                if (row < visible) use(row);
            return;
        }
    }

private:
    static constexpr std::uint32_t chunk_nodes = 1u << 18;  // whole huge pages, as the other
    static constexpr std::uint32_t chunk_keys = 1u << 16;
    static constexpr std::uint32_t chunks_max = 2 * nodes_max / chunk_keys;
    using Slot = std::atomic<std::uint32_t>;

    std::uint32_t bucket(std::uint32_t scope, std::uint64_t hash) const {
        return static_cast<std::uint32_t>((hash ^ (scope + 1) * 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93 >> shift_);
    }
    std::uint32_t id_slot(std::uint64_t id_hash) const {
        return static_cast<std::uint32_t>(id_hash >> 20) & slot_mask_;
    }
    Slot& bucket_slot(std::uint32_t bucket) { return slots_[bucket]; }
    const Slot& bucket_slot(std::uint32_t bucket) const { return slots_[bucket]; }
    Slot& row_slot(std::uint32_t slot) { return slots_[buckets_ + slot]; }
    const Slot& row_slot(std::uint32_t slot) const { return slots_[buckets_ + slot]; }
    std::uint32_t find_or_add(std::uint32_t scope, std::uint64_t hash);
    void chain(std::uint32_t row, std::uint32_t key);

    std::uint64_t first_number_, limit_;
    const std::uint64_t capacity_;
    std::size_t buckets_ = 0;
    std::uint32_t slot_mask_ = 0;                                   // of row slots
    unsigned shift_ = 0;                                            // of buckets
    std::uint32_t row_count_ = 0, node_count_ = 0, key_count_ = 0;  // the writer's
    LargeArray<Row> rows_;
    std::unique_ptr<LargeArray<Node>[]> node_chunks_;
    std::unique_ptr<LargeArray<Key>[]> key_chunks_;
    LargeArray<Slot> slots_;  // first those of buckets: key index + 1; then those of id hashes: row + 1
    std::atomic<std::uint32_t> published_ = 0;
    std::atomic<std::uint64_t> end_number_;
};

/// Gives out heads, and keeps their memory when the last user lets go: fresh pages cost more than what is written to
/// them. Thread-safe; heads may outlive it.
class HeadPool {
public:
    std::shared_ptr<Head> take(std::uint64_t first_number, std::uint64_t limit);

private:
    struct Spares {
        std::mutex mutex;
        std::vector<std::unique_ptr<Head>> heads;  // guarded by mutex
    };
    std::shared_ptr<Spares> spares_ = std::make_shared<Spares>();
};

}  // namespace cairn::history
