#include "view/history/numbers.h"

#include <algorithm>

namespace cairn::history {

void sort_numbers(std::vector<std::uint64_t>& numbers) {
    if (numbers.empty()) return;
    const auto [least, most] = std::ranges::minmax(numbers);
    const auto width = most - least + 1;
    if (width > 64 * numbers.size()) {
        std::ranges::sort(numbers);
        return;
    }
    std::vector<std::uint64_t> bits(width / 64 + 1);
    for (const auto number : numbers) bits[(number - least) / 64] |= std::uint64_t{1} << (number - least) % 64;
    numbers.clear();
    for (std::size_t word = 0; word < bits.size(); ++word)
        for (auto left = bits[word]; left != 0; left &= left - 1)
            numbers.push_back(least + word * 64 + static_cast<unsigned>(std::countr_zero(left)));
}

bool NumberSet::remove(std::uint64_t number) {
    const auto chunk = chunks_.find(number / chunk_numbers);
    if (chunk == chunks_.end()) return false;
    auto& bits = chunk->second[word(number)];
    const bool there = (bits & bit(number)) != 0;
    bits &= ~bit(number);
    return there;
}

bool NumberSet::next(std::uint64_t& from) const {
    for (auto chunk = chunks_.lower_bound(from / chunk_numbers); chunk != chunks_.end(); ++chunk) {
        const auto first = chunk->first * chunk_numbers;
        if (first > from) from = first;
        auto at = word(from);
        auto bits = chunk->second[at] & ~(bit(from) - 1);
        while (bits == 0 && ++at < chunk->second.size()) bits = chunk->second[at];
        if (bits == 0) continue;
        from = first + at * 64 + static_cast<unsigned>(std::countr_zero(bits));
        return true;
    }
    return false;
}

}  // namespace cairn::history
