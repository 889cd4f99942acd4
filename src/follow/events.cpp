#include "follow/events.h"

#include <algorithm>

#include "base/log.h"

namespace cairn::follow {

namespace {

// What is stored was checked when it came in, perhaps with other limits.
constexpr RecordLimits stored_limits{.bytes_max = 64 << 20, .depth_max = 4096};

void warn(std::uint64_t number, const Error& error) {
    log_warning("an event cannot be read", {{"number", number}, {"error", error.message}});
}

}  // namespace

EventReader::EventReader(FindDictionary find_dictionary)
    : find_dictionary_(std::move(find_dictionary)), parser_(stored_limits) {}

Result<void> EventReader::each(const StoredBlock& block, std::uint64_t from, std::uint64_t to, const Use& use,
                               const Wants& wants) {
    const auto reader = BlockReader::open(block.bytes, find_dictionary_);
    if (!reader) return fail(reader.error());
    for (std::uint32_t sub_block = 0; sub_block < reader->sub_block_count(); ++sub_block) {
        const auto first = reader->first_of(sub_block);
        const auto stop =
            sub_block + 1 < reader->sub_block_count() ? reader->first_of(sub_block + 1) : reader->event_count();
        if (block.first_number + stop <= from) continue;
        if (block.first_number + first >= to) break;
        if (const auto read = reader->read_sub_block(sub_block, records_); !read) {
            warn(block.first_number + first, read.error());
            continue;
        }
        for (std::uint32_t i = 0; i < records_.ends.size() && first + i < stop; ++i) {
            const auto number = block.first_number + first + i;
            if (number < from || number >= to) continue;
            const auto envelope = reader->envelope(first + i);
            if (wants && envelope && !wants(records_.record(i), *envelope)) continue;
            const auto event = parser_.parse(records_.record(i));
            if (!event || !envelope) {
                warn(number, event ? envelope.error() : event.error());
                continue;
            }
            CAIRN_TRY(use(number, **event, *envelope));
        }
    }
    return {};
}

}  // namespace cairn::follow
