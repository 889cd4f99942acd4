#include "seam/event_log.h"

namespace cairn {

Result<StoredEvent> read_event(EventLog& log, const FindDictionary& find_dictionary, std::uint64_t number) {
    const auto block = log.find(number);
    if (!block) return fail(block.error());
    const auto reader = BlockReader::open(block->bytes, find_dictionary);
    if (!reader) return fail(reader.error());
    const auto ordinal = static_cast<std::uint32_t>(number - block->first_number);
    auto record = reader->record(ordinal);
    if (!record) return fail(std::move(record).error());
    auto envelope = reader->envelope(ordinal);
    if (!envelope) return fail(std::move(envelope).error());
    return StoredEvent{std::move(*record), std::move(*envelope)};
}

}  // namespace cairn
