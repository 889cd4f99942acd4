#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cairn::history {

/// Keeps values by number, each in the one slot that its number chooses: what was there leaves. When the bytes are
/// spent more leave, one slot after the other. Nothing is linked, so a value that comes or goes touches its slot alone.
/// Thread-safe.
template <class Value>
class SlotCache {
public:
    using Pointer = std::shared_ptr<const Value>;

    /// `slots` is a power of two, at least 2.
    SlotCache(std::size_t slots, std::size_t bytes_max)
        : bytes_max_(bytes_max), shift_(64 - std::countr_zero(slots)), slots_(slots) {}

    /// Null when it is not there.
    Pointer find(std::uint64_t number) {
        std::lock_guard lock(mutex_);
        const auto& slot = slots_[place_of(number)];
        return slot.number == number ? slot.value : nullptr;
    }

    /// A value of more than all the bytes is not kept.
    void put(std::uint64_t number, Pointer value, std::size_t bytes) {
        if (bytes > bytes_max_) return;
        Pointer left;  // destroyed after the lock is free
        std::lock_guard lock(mutex_);
        auto& slot = slots_[place_of(number)];
        left = empty(slot);
        while (bytes_ + bytes > bytes_max_) empty(slots_[hand_++ & (slots_.size() - 1)]);
        slot = {number, std::move(value), bytes};
        bytes_ += bytes;
    }

private:
    struct Slot {
        std::uint64_t number = 0;
        Pointer value;
        std::size_t bytes = 0;
    };

    /// Neighbours, which are often asked for together, go to slots far apart.
    std::size_t place_of(std::uint64_t number) const { return number * 0x9e3779b97f4a7c15 >> shift_; }

    Pointer empty(Slot& slot) {
        bytes_ -= std::exchange(slot.bytes, 0);
        return std::exchange(slot.value, nullptr);
    }

    const std::size_t bytes_max_;
    const int shift_;
    std::mutex mutex_;
    std::vector<Slot> slots_;  // guarded by mutex_
    std::size_t bytes_ = 0;    // guarded by mutex_
    std::size_t hand_ = 0;     // guarded by mutex_; whose turn it is to leave
};

}  // namespace cairn::history
