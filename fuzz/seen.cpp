// Files of the seen index from foreign bytes: manifest, run, filter, content. Whatever they hold, opening and asking
// them ends in an answer or an error; checksums are made right, so that the bytes behind them are reached.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "admit/content.h"
#include "admit/filter.h"
#include "admit/manifest.h"
#include "admit/run.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "support/memory_disk.h"

using namespace cairn;

namespace {

constexpr std::uint64_t file_id = 7;

void seal_all(std::string& bytes) {
    for (std::size_t page = 0; (page + 1) * admit::page_bytes <= bytes.size(); ++page)
        admit::seal_page(bytes.data() + page * admit::page_bytes, file_id, page);
}

void ask_run(const admit::Run& run, std::uint64_t hash) {
    std::vector<std::uint64_t> numbers;
    (void)run.find(hash, numbers);
    std::vector<admit::Entry> entries;
    if (run.bucket_bits() <= 20) (void)run.read_window(hash >> (64 - run.bucket_bits()), run.bucket_bits(), entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const bool quiet = [] {
        configure_log(static_cast<LogLevel>(9), false);
        return true;
    }();
    if (!quiet || size < 10) return 0;
    const auto kind = data[0] % 4;
    const auto hash = load<std::uint64_t>(data + 1);
    std::string bytes(reinterpret_cast<const char*>(data) + 9, size - 9);
    if (kind == 0) {
        if (bytes.size() >= 4)
            store<std::uint32_t>(bytes.data() + bytes.size() - 4, crc32c({bytes.data(), bytes.size() - 4}));
        if (const auto manifest = admit::decode_manifest(bytes))
            if (admit::encode_manifest(*manifest) != bytes) __builtin_trap();
        return 0;
    }
    // A header that fits the kind, with the fuzzer's fields, before the fuzzer's pages.
    admit::PageHeader header;
    header.kind = static_cast<admit::FileKind>(kind);
    header.file_id = file_id;
    if (bytes.size() >= 56) {
        header.page_count = load<std::uint64_t>(bytes.data());
        for (std::size_t i = 0; i < 6; ++i) header.fields[i] = load<std::uint64_t>(bytes.data() + 8 + 8 * i);
        bytes.erase(0, 56);
    }
    bytes.resize((bytes.size() + admit::page_bytes - 1) / admit::page_bytes * admit::page_bytes);
    bytes = admit::encode_header(header) + bytes;
    seal_all(bytes);
    support::MemoryDisk disk;
    disk.set_content("file", bytes);
    if (kind == 1) {
        if (const auto run = admit::Run::open(disk, "file", file_id)) ask_run(**run, hash);
    } else if (kind == 2) {
        if (const auto filter = admit::Filter::open(disk, "file", file_id)) (void)(*filter)->may_hold(hash);
    } else {
        const admit::ContentFile content(disk, "file", file_id, 510, 765);
        (void)content.from(510 + hash % 255);
    }
    return 0;
}
