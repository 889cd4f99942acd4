#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace cairn {

/// A small map from fixed names to numbers, for dispatching on member names: one multiplication and, nearly always, one
/// comparison of two words. Built once; find() is const and does not allocate. The names must outlive the map.
class NameMap {
public:
    static constexpr int none = -1;

    /// Adds a name; of a repeated one the first number stays. True when it was new.
    bool add(std::string_view name, std::uint16_t number) {
        CAIRN_CHECK(!name.empty());
        if (find(name) != none) return false;
        entries_.push_back({Digest(name), name, number});
        rebuild();
        return true;
    }

    /// The number of `name`, or `none`.
    int find(std::string_view name) const {
        if (slots_.empty() || name.empty()) return none;
        const Digest digest(name);
        for (std::size_t i = digest.slot(shift_);; i = (i + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[i];
            if (slot.digest == digest) {
                if (digest.size <= 16 || std::memcmp(slot.name, name.data(), name.size()) == 0) return slot.number;
            } else if (slot.digest.size == 0) {
                return none;
            }
        }
    }

private:
    /// The whole of a name up to 16 bytes; of a longer one its size, first and last 8 bytes.
    struct Digest {
        std::uint64_t first = 0, last = 0;
        std::size_t size = 0;

        Digest() = default;
        explicit Digest(std::string_view name) : size(name.size()) {
            const char* const begin = name.data();
            const char* const end = begin + size;
            if (size >= 8) {
                std::memcpy(&first, begin, 8);
                std::memcpy(&last, end - 8, 8);
            } else if (size >= 4) {
                std::memcpy(&first, begin, 4);
                std::memcpy(&last, end - 4, 4);
            } else {
                first = static_cast<unsigned char>(*begin) | (static_cast<std::uint64_t>(begin[size / 2]) << 8);
                last = static_cast<unsigned char>(end[-1]);
            }
        }

        std::size_t slot(unsigned shift) const {
            return ((first ^ (last * 0x9e3779b97f4a7c15u)) * 0xd1b54a32d192ed03u + size * 0x9e3779b97f4a7c15u) >> shift;
        }
        friend bool operator==(const Digest&, const Digest&) = default;
    };

    struct Entry {
        Digest digest;
        std::string_view name;
        std::uint16_t number;
    };

    struct Slot {
        Digest digest;
        const char* name = nullptr;
        std::uint16_t number = 0;
    };

    void rebuild() {
        unsigned bits = 3;
        while ((std::size_t{1} << bits) < entries_.size() * 3) ++bits;
        shift_ = 64 - bits;
        slots_.assign(std::size_t{1} << bits, Slot{});
        for (const Entry& entry : entries_) {
            std::size_t i = entry.digest.slot(shift_);
            while (slots_[i].digest.size != 0) i = (i + 1) & (slots_.size() - 1);
            slots_[i] = {entry.digest, entry.name.data(), entry.number};
        }
    }

    std::vector<Entry> entries_;
    std::vector<Slot> slots_;
    unsigned shift_ = 64;
};

}  // namespace cairn
