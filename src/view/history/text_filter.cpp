#include "view/history/text_filter.h"

#include <algorithm>

#include "view/history/numbers.h"

namespace cairn::history {

namespace {

/// Events that one thread looks through before it takes more.
constexpr std::size_t scan_events = 1024;

}  // namespace

TextFilter::TextFilter(const std::vector<match::Query::Needle>& needles) {
    if (std::ranges::any_of(needles, [](const auto& needle) { return needle.text.empty(); })) return;
    for (const auto& needle : needles)
        terms_.emplace_back(needle.text, needle.ignore_case ? PackedTerm::Case::ignored : PackedTerm::Case::exact);
}

Result<bool> TextFilter::may_match(Block& block, std::uint64_t number) const {
    const auto place = block.place_of(number);
    if (!place) return fail(place.error());
    if (block.verdicts.empty()) block.verdicts.assign(block.reader().sub_block_count(), -1);
    auto& verdict = block.verdicts[place->sub_block];
    if (verdict < 0) {
        const auto may = block.reader().may_contain(place->sub_block, terms_);
        if (!may) return may;
        verdict = *may ? 1 : 0;
    }
    return verdict != 0;
}

std::uint64_t TextFilter::sift(std::vector<FileRow>& rows, Records& records, Helpers& helpers) const {
    if (rows.empty()) return 0;
    std::vector<std::uint64_t> numbers;
    numbers.reserve(rows.size());
    for (const auto& row : rows) numbers.push_back(row.number);
    sort_numbers(numbers);
    std::vector<Part> parts((numbers.size() + scan_events - 1) / scan_events);
    helpers.run(parts.size(), [&](std::size_t i) {
        const auto begin = i * scan_events;
        scan(std::span(numbers).subspan(begin, std::min(scan_events, numbers.size() - begin)), records, parts[i]);
    });
    Part all;
    for (const auto& part : parts) {
        all.hits.insert(all.hits.end(), part.hits.begin(), part.hits.end());
        all.bytes += part.bytes;
    }
    std::erase_if(rows, [&](const FileRow& row) { return !std::ranges::binary_search(all.hits, row.number); });
    return all.bytes;
}

void TextFilter::scan(std::span<const std::uint64_t> numbers, Records& records, Part& part) const {
    while (!numbers.empty()) {
        const auto stored = records.log().find(numbers.front());
        if (stored) {
            numbers = numbers.subspan(scan_block(*stored, numbers, records, part));
            continue;
        }
        if (stored.error().code != Code::not_found) records.unreadable(numbers.front(), stored.error());
        numbers = numbers.subspan(1);
    }
}

/// Looks at those of `numbers` that are in the block; returns how many.
std::size_t TextFilter::scan_block(const StoredBlock& stored, std::span<const std::uint64_t> numbers, Records& records,
                                   Part& part) const {
    const auto behind = std::ranges::lower_bound(numbers, stored.first_number + stored.event_count);
    const auto count = static_cast<std::size_t>(behind - numbers.begin());
    const auto reader = records.open(stored);
    if (!reader) {
        records.unreadable(numbers.front(), reader.error());
        return count;
    }
    part.bytes += mean_bytes(*reader, count);
    std::uint32_t sub_block = 0;
    for (std::size_t i = 0; i < count;) {
        while (sub_block + 1 < reader->sub_block_count() &&
               stored.first_number + reader->first_of(sub_block + 1) <= numbers[i])
            ++sub_block;
        const bool last = sub_block + 1 == reader->sub_block_count();
        const auto end = stored.first_number + (last ? reader->event_count() : reader->first_of(sub_block + 1));
        const auto may = reader->may_contain(sub_block, terms_);
        if (!may) records.unreadable(numbers[i], may.error());
        for (; i < count && numbers[i] < end; ++i)
            if (may && *may) part.hits.push_back(numbers[i]);
    }
    return count;
}

}  // namespace cairn::history
