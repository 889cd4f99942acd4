#pragma once

#include <algorithm>
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

    struct Name {
        std::string_view name;  ///< not empty, no other's name
        std::uint16_t number = 0;
    };

    NameMap() = default;
    explicit NameMap(const std::vector<Name>& names) { build(names); }

    /// The number of `name`, or `none`.
    int find(std::string_view name) const {
        if (slots_.empty() || name.empty()) return none;
        const Digest digest(name);
        for (std::size_t i = digest.slot(factor_, shift_);; i = (i + 1) & (slots_.size() - 1)) {
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

        std::size_t slot(std::uint64_t factor, unsigned shift) const {
            return ((first ^ (last << 29 | last >> 35) ^ size) * factor) >> shift;
        }
        friend bool operator==(const Digest&, const Digest&) = default;
    };

    struct Slot {
        Digest digest;
        const char* name = nullptr;
        std::uint16_t number = 0;
    };

    /// Tries some factors and takes the first without a collision, or the one with the fewest.
    void build(const std::vector<Name>& names) {
        if (names.empty()) return;
        unsigned bits = 3;
        while ((std::size_t{1} << bits) < names.size() * 4) ++bits;
        shift_ = 64 - bits;
        std::size_t fewest = names.size() * names.size() + 1;
        std::uint64_t best = 0, factor = 0xd1b54a32d192ed03u;
        for (int i = 0; i < 32 && fewest > 0; ++i, factor = factor * 0x9e3779b97f4a7c15u | 1) {
            const auto collisions = place(names, factor);
            if (collisions < fewest) best = factor;
            fewest = std::min(fewest, collisions);
        }
        place(names, best);
    }

    std::size_t place(const std::vector<Name>& names, std::uint64_t factor) {
        factor_ = factor;
        slots_.assign(std::size_t{1} << (64 - shift_), Slot{});
        std::size_t collisions = 0;
        for (const Name& entry : names) {
            CAIRN_CHECK(!entry.name.empty());
            const Digest digest(entry.name);
            std::size_t i = digest.slot(factor, shift_);
            for (; slots_[i].digest.size != 0; i = (i + 1) & (slots_.size() - 1)) ++collisions;
            slots_[i] = {digest, entry.name.data(), entry.number};
        }
        return collisions;
    }

    std::vector<Slot> slots_;
    std::uint64_t factor_ = 0;
    unsigned shift_ = 64;
};

}  // namespace cairn
