#include "view/history/log_reader.h"

#include <algorithm>

namespace cairn::history {

namespace {

constexpr std::size_t read_bytes = 1 << 20;

}  // namespace

Result<std::uint64_t> LogReader::read(std::uint64_t from, std::uint64_t end, IndexBatch& rows) {
    rows.clear();
    if (from >= std::min(end, records_.log().end())) return end;
    const auto blocks = records_.log().read(from, read_bytes);
    if (!blocks) return fail(blocks.error());
    if (blocks->empty()) return end;
    for (const auto& block : *blocks) {
        if (block.first_number >= end) return end;
        read_block(block, from, end, rows);
        from = block.first_number + block.event_count;
    }
    return std::min(from, end);
}

void LogReader::read_block(const StoredBlock& stored, std::uint64_t from, std::uint64_t end, IndexBatch& rows) {
    const auto reader = records_.open(stored);
    if (!reader) return records_.unreadable(stored.first_number, reader.error());
    auto parser = records_.parser();
    for (std::uint32_t sub_block = 0; sub_block < reader->sub_block_count(); ++sub_block) {
        auto number = stored.first_number + reader->first_of(sub_block);
        const auto behind =
            stored.first_number +
            (sub_block + 1 < reader->sub_block_count() ? reader->first_of(sub_block + 1) : reader->event_count());
        if (behind <= from || number >= end) continue;
        if (const auto read = reader->read_sub_block(sub_block, decoded_); !read) {
            records_.unreadable(number, read.error());
            continue;
        }
        for (std::size_t i = 0; i < decoded_.ends.size(); ++i, ++number) {
            if (number < from || number >= end) continue;
            const auto event = parser.parse(decoded_.record(i));
            if (event)
                rows.add(**event, number);
            else
                records_.unreadable(number, event.error());
        }
    }
}

}  // namespace cairn::history
