#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace cairn::cli {

/// Pseudo-random choices (SplitMix64), the same everywhere for the same seed.
class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        auto value = state_ += 0x9e3779b97f4a7c15;
        value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
        value = (value ^ value >> 27) * 0x94d049bb133111eb;
        return value ^ value >> 31;
    }
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    std::int64_t between(std::int64_t first, std::int64_t last) {
        return first + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first + 1)));
    }
    bool chance(unsigned percent) { return below(100) < percent; }

    template <class Value, std::size_t size>
    const Value& one_of(const Value (&values)[size]) {
        return values[below(size)];
    }

    std::string hex(std::size_t count) { return text(count, "0123456789abcdef"); }
    std::string base32(std::size_t count) { return text(count, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"); }
    std::string letters(std::size_t count) {
        return text(count, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    }

    /// A version 4 UUID.
    std::string uuid() {
        auto text = hex(8) + "-" + hex(4) + "-4" + hex(3) + "-";
        text += "89ab"[below(4)];
        return text + hex(3) + "-" + hex(12);
    }

private:
    std::string text(std::size_t count, std::string_view alphabet) {
        std::string made(count, ' ');
        for (auto& letter : made) letter = alphabet[below(alphabet.size())];
        return made;
    }

    std::uint64_t state_;
};

/// Choices that belong to a name: the same user always has the same id.
inline Draw draw_for(std::string_view name) { return Draw(hash64(name)); }

}  // namespace cairn::cli
