#pragma once

#include <cstdint>

#include "event/index_row.h"
#include "view/history/records.h"

namespace cairn::history {

/// Reads events back out of the log as index rows, the same ones that were made when they came in.
class LogReader {
public:
    explicit LogReader(Records& records) : records_(records) {}

    /// Rows of the stored events from `from` on: those of some blocks, but none from `end` on. Returns the number up to
    /// which the log was read, `end` when it holds nothing more before it. Events that cannot be read are counted and
    /// left out. Blocks. Errors: those of the log.
    Result<std::uint64_t> read(std::uint64_t from, std::uint64_t end, IndexBatch& rows);

private:
    void read_block(const StoredBlock& stored, std::uint64_t from, std::uint64_t end, IndexBatch& rows);

    Records& records_;
    BlockReader::Records decoded_;
};

}  // namespace cairn::history
