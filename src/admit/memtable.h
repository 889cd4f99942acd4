#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "admit/run.h"
#include "base/hash.h"
#include "base/memory.h"

namespace cairn::admit {

/// The newest entries and their content hashes, in memory: those of the event numbers [first, first + capacity).
/// An open hash table whose slots follow the order of the hashes, so that it is nearly sorted when it is written out.
class Memtable {
public:
    Memtable(std::uint64_t first, std::uint32_t capacity);

    std::uint64_t first() const { return first_; }
    std::uint64_t end() const { return first_ + capacity_; }
    std::uint32_t count() const { return count_; }

    void prefetch(std::uint64_t hash) const { __builtin_prefetch(slot(home(hash)), 1); }

    /// `number` is in range and was not added before.
    void add(std::uint64_t hash, std::uint64_t number, const Hash128& content);

    void find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const;

    /// The content hashes from `number`, up to the end of the range; zero for numbers not added.
    const Hash128* contents(std::uint64_t number) const {
        return reinterpret_cast<const Hash128*>(contents_.data()) + (number - first_);
    }

    /// In order of hash, then number.
    std::vector<Entry> sorted() const;

private:
    // 8 bytes of hash, 4 bytes of number - first + 1 (0: empty).
    static constexpr std::size_t slot_bytes = 12;
    char* slot(std::uint64_t index) const { return slots_.data() + index * slot_bytes; }
    std::uint64_t home(std::uint64_t hash) const { return (hash >> 32) * slot_count_ >> 32; }

    std::uint64_t first_;
    std::uint32_t capacity_;
    std::uint32_t slot_count_;
    std::uint32_t count_ = 0;
    ZeroedMemory slots_, contents_;
};

}  // namespace cairn::admit
