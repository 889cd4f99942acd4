#include "journal/opening.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "base/uuid.h"

namespace cairn::journal {

namespace {

constexpr const char* folders[] = {"journal", "archive", "quarantine"};

std::string class_folder(const std::string& folder, std::size_t retention) {
    return fmt::format("{}/archive/{}", folder, retention_class_name(static_cast<RetentionClass>(retention)));
}

/// A generation nobody can guess, so that no block can be made to look like a frame of a journal file.
std::uint64_t first_generation_of_a_log() {
    return (load<std::uint64_t>(random_bytes(8).data()) >> 3) & ~std::uint64_t{0xffffffff};
}

Result<bool> has_events(Disk& disk, const std::string& folder) {
    for (std::size_t i = 0; i < retention_class_count; ++i) {
        const auto names = disk.list(class_folder(folder, i));
        if (!names) return fail(names.error());
        if (!names->empty()) return true;
    }
    const auto names = disk.list(folder + "/journal");
    if (!names) return fail(names.error());
    for (const auto& name : *names) {
        const auto map = disk.map(folder + "/journal/" + name);
        if (!map) return fail(map.error());
        const auto header = read_slot_header((*map)->bytes(), name);
        if (!header) return fail(header.error());
        if (*header) return true;
    }
    return false;
}

Result<Manifest> load_or_make_manifest(Disk& disk, const std::string& folder, std::vector<Finding>& findings) {
    bool both = false;
    auto manifest = load_manifest(disk, folder, findings, both);
    if (manifest) CAIRN_TRY(disk.sync_folder(folder));  // what is seen may be a rename that is not durable yet
    if (manifest && !both) CAIRN_TRY(store_manifest(disk, folder, *manifest));
    if (manifest || manifest.error().code != Code::not_found) return manifest;
    const auto events = has_events(disk, folder);
    if (!events) return fail(events.error());
    if (*events)
        return fail(Code::corrupt,
                    fmt::format("{}/manifest is missing, but there are journal or archive files", folder));
    Manifest made;
    made.log_id = format_uuid(random_uuid());
    made.first_generation = made.next_generation = first_generation_of_a_log();
    CAIRN_TRY(store_manifest(disk, folder, made));
    return made;
}

/// The number in a name like "2026-11-21-000000000042.cairn".
std::uint64_t first_number_in(std::string_view name) {
    constexpr std::size_t digits_at = sizeof "2026-11-21-" - 1;
    std::uint64_t number = 0;
    if (name.size() > digits_at) std::from_chars(name.data() + digits_at, name.data() + name.size(), number);
    return number;
}

/// Files beside the manifest's: written or dropped by a process that died before or after its manifest was stored.
Result<void> clear_orphans(Disk& disk, const std::string& folder, const Manifest& manifest,
                           std::vector<Finding>& findings) {
    std::set<std::string> known, trimmed;
    for (const auto& file : manifest.files) known.insert(file.path);
    for (const auto& tombstone : manifest.tombstones) trimmed.insert(tombstone.path);
    for (std::size_t i = 0; i < retention_class_count; ++i) {
        const auto lane = class_folder(folder, i);
        const auto names = disk.list(lane);
        if (!names) return fail(names.error());
        for (const auto& name : *names) {
            const auto path = lane + "/" + name;
            const auto inner = path.substr(folder.size() + 1);
            const auto file = inner.substr(0, inner.find(".cairn") + 6);
            const bool is_archive = inner == file;
            if (known.contains(file) && !inner.ends_with(".new")) continue;
            if (!is_archive || trimmed.contains(file) || first_number_in(name) >= manifest.sealed_number) {
                CAIRN_TRY(disk.remove(path));
                continue;
            }
            findings.push_back({path, 0, 0, 0, "archive file that the manifest does not know, moved to quarantine"});
            CAIRN_TRY(disk.rename(path, fmt::format("{}/quarantine/{}", folder, name)));
        }
    }
    return {};
}

Result<ArchiveViewPointer> open_archive(Disk& disk, const std::string& folder, const Manifest& manifest,
                                        std::vector<Finding>& findings) {
    auto view = std::make_shared<ArchiveView>();
    for (const auto& info : manifest.files) {
        auto file = ArchiveFile::open(disk, folder, info, findings);
        if (file) {
            view->files[static_cast<std::size_t>(info.retention)].push_back(std::move(*file));
            continue;
        }
        const bool missing = file.error().code == Code::not_found;
        if (!missing && file.error().code != Code::corrupt) return fail(file.error());
        findings.push_back({folder + "/" + info.path, 0, info.first_number, info.end_number,
                            missing ? "archive file is missing" : file.error().message});
    }
    return view;
}

Result<void> quarantine(Disk& disk, const std::string& folder, const FoundSlot& found, const SlotScan& scan) {
    const auto path = fmt::format("{}/quarantine/journal-{:x}-{}", folder, found.header.generation, scan.end_sequence);
    return replace_file(disk, path, found.slot->map->bytes().substr(scan.used_bytes, scan.torn_bytes));
}

TailFilePointer tail_file(const FoundSlot& found, SlotScan scan) {
    auto file = std::make_shared<TailFile>();
    file->slot = found.slot;
    file->header = found.header;
    file->entries = std::move(scan.entries);
    file->end_sequence = scan.end_sequence;
    file->end_number = scan.end_number;
    file->end_chain = scan.chain;
    file->used_bytes = scan.used_bytes;
    file->newest_ms = scan.newest_ms;
    file->oldest_ingest_ms = scan.oldest_ingest_ms;
    for (auto& finding : scan.findings)
        if (finding.end_number > finding.first_number) file->losses.push_back(std::move(finding));
    return file;
}

/// The last commit may have been seen in memory only: its sync was cut short or failed, and a later one would not write
/// its pages again. It is written once more before anybody reads it.
Result<void> make_last_commit_durable(const FoundSlot& found, const SlotScan& scan) {
    if (scan.entries.empty()) return {};
    const auto bytes = found.slot->map->bytes();
    const auto last = read_frame_header(bytes.substr(scan.entries.back().offset));
    CAIRN_CHECK(last.has_value());
    const auto frames = std::min<std::uint64_t>(last->sequence - last->durable_sequence + 1, scan.entries.size());
    const auto begin = scan.entries[scan.entries.size() - frames].offset / page_bytes * page_bytes;
    const std::string commit(bytes.substr(begin, scan.used_bytes - begin));
    CAIRN_TRY(found.slot->file->write(begin, commit));
    return found.slot->file->sync();
}

/// Scans one live journal file behind what is known so far.
Result<void> open_tail_file(Disk& disk, const std::string& folder, const std::vector<FoundSlot>& slots,
                            std::size_t index, Opening& opening) {
    const auto& found = slots[index];
    auto& position = opening.position;
    auto scan =
        scan_slot(found.slot->map->bytes(), found.path, found.header, limits_of(slots, index, opening.manifest));
    if (!scan) return fail(scan.error());
    std::vector<Finding> losses;
    if (found.header.first_number > position.number)
        losses.push_back(
            {found.path, 0, position.number, found.header.first_number, "journal file before it is missing"});
    for (const auto& finding : scan->findings) opening.findings.push_back(finding);
    if (scan->torn_bytes > 0) {
        CAIRN_TRY(quarantine(disk, folder, found, *scan));
        opening.findings.push_back(
            {found.path, scan->used_bytes, scan->end_number, scan->end_number,
             fmt::format("{} bytes of an unacknowledged commit, moved to quarantine", scan->torn_bytes)});
    }
    position.sequence = scan->end_sequence;
    position.number = scan->end_number;
    position.chain = scan->chain;
    auto writable = disk.open(found.path, OpenMode::write);
    if (!writable) return fail(std::move(writable).error());
    found.slot->file = std::move(*writable);
    if (index + 1 == slots.size() || !slots[index + 1].live) CAIRN_TRY(make_last_commit_durable(found, *scan));
    auto file = tail_file(found, std::move(*scan));
    for (auto& loss : losses) {
        opening.findings.push_back(loss);
        file->losses.push_back(std::move(loss));
    }
    opening.tail.push_back(std::move(file));
    return {};
}

}  // namespace

Result<std::vector<FoundSlot>> find_slots(Disk& disk, const std::string& folder, std::uint64_t first_generation,
                                          std::vector<Finding>& findings) {
    const auto names = disk.list(folder + "/journal");
    if (!names) return fail(names.error());
    std::vector<FoundSlot> slots;
    for (const auto& name : *names) {
        FoundSlot found{folder + "/journal/" + name, nullptr, {}, false};
        auto map = disk.map(found.path);
        if (!map) return fail(std::move(map).error());
        const auto bytes = (*map)->bytes();
        found.slot = std::make_shared<Slot>(Slot{found.path, bytes.size(), nullptr, std::move(*map)});
        const auto header = read_slot_header(bytes, found.path);
        if (!header) return fail(header.error());
        if (*header) {
            found.header = **header;
            found.live = found.header.generation >= first_generation;
        } else {
            // A header is durable before the first frame: frames without one mean that it was damaged later.
            for (auto at = find_frame(bytes, page_bytes, std::nullopt, 0); at;
                 at = find_frame(bytes, *at + 8, std::nullopt, 0)) {
                const auto frame = read_frame_header(bytes.substr(*at));
                if (frame->generation < first_generation || frame->generation - first_generation >= (1ull << 32))
                    continue;
                found.header = {frame->generation, frame->sequence, frame->first_number, frame->chain_before};
                found.live = true;
                findings.push_back({found.path, 0, 0, 0, "damaged header of a journal file"});
                break;
            }
        }
        slots.push_back(std::move(found));
    }
    std::ranges::sort(slots, [](const FoundSlot& one, const FoundSlot& other) {
        return one.live != other.live ? one.live : one.header.generation < other.header.generation;
    });
    return slots;
}

SlotLimits limits_of(const std::vector<FoundSlot>& slots, std::size_t index, const Manifest& manifest) {
    SlotLimits limits;
    if (index + 1 < slots.size() && slots[index + 1].live) {
        limits.sequence_end = slots[index + 1].header.first_sequence;
        limits.number_end = slots[index + 1].header.first_number;
    } else {
        limits.durable_sequence = manifest.durable_sequence;
        limits.durable_number = manifest.durable_number;
    }
    return limits;
}

Result<Opening> open_log(Disk& disk, const std::string& folder, SlotPool& pool) {
    Opening opening;
    for (const char* const name : folders) CAIRN_TRY(disk.make_folder(folder + "/" + name));
    auto manifest = load_or_make_manifest(disk, folder, opening.findings);
    if (!manifest) return fail(std::move(manifest).error());
    opening.manifest = std::move(*manifest);
    CAIRN_TRY(clear_orphans(disk, folder, opening.manifest, opening.findings));
    auto archive = open_archive(disk, folder, opening.manifest, opening.findings);
    if (!archive) return fail(std::move(archive).error());
    opening.archive = std::move(*archive);

    auto slots = find_slots(disk, folder, opening.manifest.first_generation, opening.findings);
    if (!slots) return fail(std::move(slots).error());
    opening.position = {opening.manifest.next_generation, opening.manifest.sealed_sequence,
                        opening.manifest.sealed_number, opening.manifest.sealed_chain};
    for (std::size_t i = 0; i < slots->size(); ++i) {
        auto& found = (*slots)[i];
        pool.know(found.path.substr(found.path.rfind('/') + 1), found.slot->bytes);
        opening.position.generation = std::max(opening.position.generation, found.header.generation + 1);
        if (found.live) {
            CAIRN_TRY(open_tail_file(disk, folder, *slots, i, opening));
            continue;
        }
        if (found.slot->bytes < pool.slot_bytes()) {  // half made, or of another size
            CAIRN_TRY(pool.discard(found.path, found.slot->bytes));
            continue;
        }
        auto file = disk.open(found.path, OpenMode::write);
        if (!file) return fail(std::move(file).error());
        found.slot->file = std::move(*file);
        pool.give_back(std::move(found.slot));
    }
    auto& position = opening.position;
    if (position.number < opening.manifest.durable_number) {
        opening.manifest.losses.push_back(
            {folder + "/journal", 0, position.number, opening.manifest.durable_number, "journal file is missing"});
        opening.findings.push_back(opening.manifest.losses.back());
        position.number = opening.manifest.durable_number;
        position.sequence = opening.manifest.durable_sequence;
    }
    return opening;
}

}  // namespace cairn::journal
