#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace cairn::history {

/// Values of up to 56 bits, packed low bits first without gaps. Readers load 8 bytes at once: packed bytes are followed
/// by at least `bits_slack` others.
inline constexpr unsigned packed_bits_max = 56;
inline constexpr std::size_t bits_slack = 8;

inline unsigned bits_for(std::uint64_t value_max) { return static_cast<unsigned>(std::bit_width(value_max)); }

inline std::uint64_t read_bits(const char* base, std::uint64_t bit, unsigned width) {
    return load<std::uint64_t>(base + bit / 8) >> (bit % 8) & ((std::uint64_t{1} << width) - 1);
}

/// Appends packed values to a string.
class BitWriter {
public:
    explicit BitWriter(std::string& out) : out_(out) {}

    void put(std::uint64_t value, unsigned width) {
        pending_ |= value << used_;
        used_ += width;
        while (used_ >= 8) {
            out_.push_back(static_cast<char>(pending_));
            pending_ >>= 8;
            used_ -= 8;
        }
    }

    /// Fills the last byte with zeros.
    void finish() {
        if (used_ > 0) out_.push_back(static_cast<char>(pending_));
        pending_ = 0;
        used_ = 0;
    }

private:
    std::string& out_;
    std::uint64_t pending_ = 0;
    unsigned used_ = 0;
};

}  // namespace cairn::history
