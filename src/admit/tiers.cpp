#include "admit/tiers.h"

#include <algorithm>

namespace cairn::admit {

const ContentFile* content_file_of(const Tiers& tiers, std::uint64_t number) {
    const auto& contents = tiers.contents;
    if (contents.empty() || number < contents.front()->first() || number >= contents.back()->end()) return nullptr;
    // Files are of one length and rarely missing, so the guess is nearly always right.
    const auto& front = *contents.front();
    const auto guess =
        std::min<std::uint64_t>((number - front.first()) / (front.end() - front.first()), contents.size() - 1);
    if (contents[guess]->first() <= number && number < contents[guess]->end()) return contents[guess].get();
    const auto next = std::ranges::upper_bound(contents, number, {}, [](const auto& file) { return file->first(); });
    if (next == contents.begin()) return nullptr;
    const auto* found = std::prev(next)->get();
    return number < found->end() ? found : nullptr;
}

std::span<const Hash128> contents_from(const Tiers& tiers, std::uint64_t number) {
    if (number < tiers.covered) {
        const auto* file = content_file_of(tiers, number);
        return file == nullptr ? std::span<const Hash128>() : file->from(number);
    }
    for (auto segment = tiers.segments.rbegin(); segment != tiers.segments.rend() && (*segment)->level == 1; ++segment)
        for (const auto& table : (*segment)->tables)
            if (table->first() <= number && number < table->end())
                return {table->contents(number), static_cast<std::size_t>(table->end() - number)};
    return {};
}

}  // namespace cairn::admit
