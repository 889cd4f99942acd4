// Bytes from a disk nobody vouches for: journal files, archive files, tables, manifests, dictionaries.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "journal/archive_file.h"
#include "journal/dictionary_store.h"
#include "journal/frame.h"
#include "journal/manifest.h"
#include "journal/slot.h"

using namespace cairn;
using namespace cairn::journal;

namespace {

/// As a mapping is: aligned.
std::vector<std::uint64_t> aligned(std::string_view bytes) {
    std::vector<std::uint64_t> copy(bytes.size() / 8 + 1);
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return copy;
}

void read_slot(std::string_view bytes) {
    const auto header = read_slot_header(bytes, "fuzz");
    const auto start = header && *header ? **header : SlotHeader{1, 0, 0, {}};
    SlotLimits limits;
    (void)scan_slot(bytes, "fuzz", start, limits);
    limits.durable_sequence = limits.durable_number = 10;
    (void)scan_slot(bytes, "fuzz", start, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto copy = aligned({reinterpret_cast<const char*>(data) + 1, size - 1});
    const std::string_view bytes(reinterpret_cast<const char*>(copy.data()), size - 1);
    switch (data[0] % 6) {
        case 0: read_slot(bytes); break;
        case 1: (void)read_archive_footer(bytes, "fuzz"); break;
        case 2: (void)read_open_table(bytes, "fuzz"); break;
        case 3: (void)decode_manifest(bytes, "fuzz"); break;
        case 4: (void)read_dictionary_file(bytes, "fuzz"); break;
        case 5: {
            std::vector<Finding> findings;
            const auto walked = walk_frames(bytes, bytes.size(), "fuzz", findings);
            for (const auto& entry : walked.table) {
                const auto frame = bytes.substr(entry.offset);
                const auto header = read_frame_header(frame);
                if (!header || !body_is_whole(*header, frame)) continue;
                (void)link_is_right(*header, frame);
                (void)links_of(*header, frame);
                (void)fingerprints_of(*header, frame);
            }
        }
    }
    return 0;
}
