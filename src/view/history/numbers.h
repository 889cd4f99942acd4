#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <vector>

namespace cairn::history {

/// Sorts event numbers, each of which occurs once. Linear where they lie close together, as those of one time do.
void sort_numbers(std::vector<std::uint64_t>& numbers);

/// A set of event numbers: a bit each where they lie close together.
class NumberSet {
public:
    void add(std::uint64_t number) { words_of(number)[word(number)] |= bit(number); }

    /// True when it was there.
    bool remove(std::uint64_t number);

    /// The least number from `from` on is stored in `from`; false when there is none.
    bool next(std::uint64_t& from) const;

private:
    static constexpr std::uint64_t chunk_numbers = 4096;
    using Words = std::array<std::uint64_t, chunk_numbers / 64>;

    static std::size_t word(std::uint64_t number) { return number % chunk_numbers / 64; }
    static std::uint64_t bit(std::uint64_t number) { return std::uint64_t{1} << number % 64; }
    Words& words_of(std::uint64_t number) { return chunks_[number / chunk_numbers]; }

    std::map<std::uint64_t, Words> chunks_;
};

}  // namespace cairn::history
