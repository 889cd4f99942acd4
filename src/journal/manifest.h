#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/record.h"
#include "journal/block_entry.h"
#include "journal/chain.h"
#include "seam/disk.h"

namespace cairn::journal {

/// One archive file as the manifest knows it.
struct ArchiveFileInfo {
    RetentionClass retention = RetentionClass::management;
    std::string path;  ///< below the log's folder
    std::uint64_t first_number = 0;
    std::uint64_t end_number = 0;
    std::uint64_t event_count = 0;  ///< numbers of other classes lie between: count <= end - first
    std::uint64_t block_count = 0;
    std::uint64_t bytes = 0;     ///< durable; what follows in the file is not part of it
    std::int64_t day = 0;        ///< ingest day, days since 1970
    std::int64_t newest_ms = 0;  ///< the later of the last ingest time and the newest eventTime
    bool closed = false;         ///< has its footer and does not grow any more
    std::string sha256;          ///< of the closed file, hex
};

/// What is left of a trimmed file.
struct Tombstone {
    RetentionClass retention = RetentionClass::management;
    std::uint64_t first_number = 0;
    std::uint64_t end_number = 0;
    std::uint64_t event_count = 0;
    std::uint64_t bytes = 0;
    std::string sha256;
    std::string path;
    std::int64_t time_ms = 0;
    std::string reason;
};

/// The one truth about which bytes belong to a log; every change of the archive is one change of it.
/// Format: docs/format/archive.md.
struct Manifest {
    std::uint64_t revision = 0;
    std::string log_id;                  ///< UUID
    std::uint64_t first_generation = 1;  ///< journal files from this generation on hold events not in the archive
    std::uint64_t next_generation = 1;
    std::uint64_t sealed_sequence = 0;  ///< frames below are in the archive
    std::uint64_t sealed_number = 0;    ///< events below are in the archive
    Chain sealed_chain{};
    std::uint64_t durable_sequence = 0;  ///< frames below were durable when this was written
    std::uint64_t durable_number = 0;
    std::vector<ArchiveFileInfo> files;  ///< in order of first_number
    std::vector<Tombstone> tombstones;
    std::vector<Finding> losses;  ///< acknowledged events found unreadable when their journal file was sealed
};

std::string encode_manifest(const Manifest& manifest);
/// Errors: corrupt; unavailable for a newer version.
Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path);

/// Two copies are kept, so that damage to one is harmless. The newer valid one is read. `findings` tells of a damaged
/// copy. Unless `both` comes back true, only one copy says so: it is to be stored again before anything is done that
/// the other does not know of. Errors: not_found when there is none; corrupt; unavailable. Blocks.
Result<Manifest> load_manifest(Disk& disk, const std::string& folder, std::vector<Finding>& findings, bool& both);

/// Raises the revision and writes both copies; when this returns a value the change is durable. Blocks.
Result<void> store_manifest(Disk& disk, const std::string& folder, Manifest& manifest);

}  // namespace cairn::journal
