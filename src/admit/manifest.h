#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace cairn::admit {

/// What of a folder counts: files that the manifest does not name are left-overs.
struct Manifest {
    struct RunFile {
        std::uint64_t file_id = 0;
        std::uint64_t first = 0, end = 0;
    };
    struct Segment {
        std::uint32_t level = 1;
        std::uint64_t first = 0, end = 0;
        std::uint64_t filter_id = 0;  ///< 0: none
        std::vector<RunFile> runs;
    };
    struct ContentFile {
        std::uint64_t file_id = 0;
        std::uint64_t first = 0;
    };

    std::uint64_t table_entries = 0;
    std::uint32_t fan_out = 0;
    std::uint64_t covered = 0;  ///< all retained events below are in the runs
    std::uint64_t next_file_id = 1;
    std::vector<Segment> segments;  ///< in log order
    std::vector<ContentFile> contents;
};

std::string encode_manifest(const Manifest& manifest);

/// Errors: corrupt; invalid, written by a newer version.
Result<Manifest> decode_manifest(std::string_view bytes);

}  // namespace cairn::admit
